import { useState } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { wordsOfError } from '../words/words-of-error.ts';

export const OlderButton = ({ conversationId }: { conversationId: string }) => {
  const { session } = useChat();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const load = async () => {
    setBusy(true);
    setProblem(undefined);
    await session.client
      .conversation(conversationId)
      .loadOlder()
      .catch((error) => setProblem(wordsOfError(error)));
    setBusy(false);
  };
  return (
    <p className="older">
      <button type="button" onClick={load} disabled={isBusy}>
        {isBusy ? 'Loading…' : 'Earlier messages'}
      </button>
      {problem && <span role="alert"> {problem}</span>}
    </p>
  );
};
