import { type FormEvent, useId, useState } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { wordsOfError } from '../words/words-of-error.ts';

export const NewConversation = () => {
  const { chat } = useChat();
  const [members, setMembers] = useState('');
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const id = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await chat.createConversation(members.split(/[\s,]+/).filter((member) => member !== ''));
      setMembers('');
    } catch (error) {
      setProblem(wordsOfError(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className="new-conversation" onSubmit={submit}>
      <label htmlFor={id}>New conversation with</label>
      <div className="row">
        <input
          id={id}
          data-testid="new-conversation-members"
          value={members}
          onChange={(event) => setMembers(event.target.value)}
          placeholder="ben, cat"
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          required
        />
        <button type="submit" className="primary" data-testid="new-conversation-submit" disabled={isBusy}>
          Start
        </button>
      </div>
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
    </form>
  );
};
