import type { OutgoingMessage } from '@claimcheck/client';
import { useReadable } from '@claimcheck/client/react';
import { OutgoingFailure } from './outgoing-failure.tsx';
import { OutgoingFile } from './outgoing-file.tsx';
import { OutgoingText } from './outgoing-text.tsx';

/** What is not sent yet, behind what is. */
export const OutgoingList = ({ messages }: { messages: readonly OutgoingMessage[] }) => {
  if (messages.length === 0) return null;
  return (
    <ul className="outgoing" aria-label="On its way">
      {messages.map((message) => (
        <OutgoingItem key={message.id} message={message} />
      ))}
    </ul>
  );
};

const OutgoingItem = ({ message }: { message: OutgoingMessage }) => {
  const { state, error, upload } = useReadable(message);
  return (
    <li data-testid="outgoing" data-state={state}>
      {upload ? (
        <OutgoingFile message={message} upload={upload} />
      ) : (
        <OutgoingText message={message} state={state} error={error} />
      )}
      {state === 'failed' && <OutgoingFailure message={message} error={error} upload={upload} />}
    </li>
  );
};
