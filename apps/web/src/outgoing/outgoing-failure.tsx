import type { ClaimcheckError, OutgoingMessage } from '@claimcheck/client';
import { useState } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { wordsOfError } from '../words/words-of-error.ts';
import { ChooseAgain } from './choose-again.tsx';
import { FailureWords } from './failure-words.tsx';

interface OutgoingFailureProps {
  message: OutgoingMessage;
  error: ClaimcheckError | undefined;
}

/** Explains why it was not sent, and what the user can do. */
export const OutgoingFailure = ({ message, error }: OutgoingFailureProps) => {
  const { chat } = useChat();
  const [problem, setProblem] = useState<string>();
  const attempt = (action: Promise<void>) => {
    action.catch((thrown) => setProblem(wordsOfError(thrown)));
  };
  const needsFile = error?.code === 'file_missing' || error?.code === 'file_changed';
  return (
    <div className="outgoing-failure">
      <p role="alert" className="problem">
        <FailureWords message={message} error={error} /> {problem}
      </p>
      {needsFile ? (
        <ChooseAgain
          name={message.filename ?? 'the file'}
          onFile={(file) => attempt(chat.goOnWith(message, file))}
        />
      ) : (
        <button type="button" data-testid="outgoing-retry" onClick={() => chat.sendAgain(message)}>
          Try again
        </button>
      )}
      <button type="button" data-testid="outgoing-dismiss" onClick={() => attempt(message.discard())}>
        Dismiss
      </button>
    </div>
  );
};
