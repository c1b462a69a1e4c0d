import { useCallback, useEffect, useState } from 'react';
import { ChatPage } from './chat/chat-page.tsx';
import { LoginPage } from './session/login-page.tsx';
import { openSession, type Session } from './session/open-session.ts';
import { forgetUser, rememberedUser, rememberUser } from './session/remembered-user.ts';
import { wordsOfError } from './words/words-of-error.ts';

export const App = () => {
  const [session, setSession] = useState<Session>();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(() => rememberedUser() !== undefined);

  const login = useCallback(async (userId: string) => {
    setBusy(true);
    setProblem(undefined);
    try {
      const opened = await openSession(userId);
      rememberUser(userId);
      setSession(opened);
    } catch (error) {
      setProblem(wordsOfError(error));
    } finally {
      setBusy(false);
    }
  }, []);

  useEffect(() => {
    const userId = rememberedUser();
    if (userId) void login(userId);
  }, [login]);

  // A returning user sees the text of index.html until the chat opens.
  if (!session && isBusy && rememberedUser() !== undefined)
    return (
      <main className="login">
        <p className="hint">Opening the chat…</p>
      </main>
    );
  if (!session) return <LoginPage isBusy={isBusy} problem={problem} onLogin={login} />;
  const leave = () => {
    // Leaves no data of this user for the next person at this machine.
    void session.client.forget();
    forgetUser();
    setSession(undefined);
  };
  return <ChatPage key={session.userId} session={session} onLeave={leave} />;
};
