import { type FormEvent, useId, useState } from 'react';

const ID = '[A-Za-z0-9_\\-]{1,64}';

interface LoginPageProps {
  isBusy: boolean;
  problem: string | undefined;
  onLogin: (userId: string) => void;
}

export const LoginPage = ({ isBusy, problem, onLogin }: LoginPageProps) => {
  const [userId, setUserId] = useState('');
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onLogin(userId);
  };
  return (
    <main className="login">
      <form className="card" onSubmit={submit}>
        <h1>Claimcheck demo chat</h1>
        <p>Choose a name. There is no password; every tab can be another person.</p>
        <label htmlFor={id}>User name</label>
        <input
          id={id}
          data-testid="login-user"
          value={userId}
          onChange={(event) => setUserId(event.target.value)}
          pattern={ID}
          title="Letters, digits, - and _"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          required
        />
        <button type="submit" className="primary" data-testid="login-submit" disabled={isBusy}>
          {isBusy ? 'Logging in…' : 'Log in'}
        </button>
        <fieldset className="suggestions" disabled={isBusy}>
          <legend>or be</legend>
          {['ann', 'ben'].map((name) => (
            <button key={name} type="button" onClick={() => onLogin(name)}>
              {name}
            </button>
          ))}
        </fieldset>
        {problem && (
          <p role="alert" className="problem">
            {problem}
          </p>
        )}
      </form>
    </main>
  );
};
