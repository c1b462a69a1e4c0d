import type { OutgoingMessage } from '@claimcheck/client';
import { useReadable } from '@claimcheck/client/react';
import { OutgoingFailure } from './outgoing-failure.tsx';
import { OutgoingFile } from './outgoing-file.tsx';
import { OutgoingSummary } from './outgoing-summary.tsx';
import { OutgoingText } from './outgoing-text.tsx';

/** Number of files shown below each other; more become tiles. */
const MANY = 4;

/** Lists unsent messages after the sent ones. */
export const OutgoingList = ({ messages }: { messages: readonly OutgoingMessage[] }) => {
  const uploads = messages.flatMap((message) => message.get().upload ?? []);
  const hasMany = uploads.length >= MANY;
  if (messages.length === 0) return null;
  return (
    <>
      {hasMany && <OutgoingSummary uploads={uploads} />}
      <ul className="outgoing" data-tiles={hasMany} aria-label="On its way">
        {messages.map((message) => (
          <OutgoingItem key={message.id} message={message} />
        ))}
      </ul>
    </>
  );
};

const OutgoingItem = ({ message }: { message: OutgoingMessage }) => {
  const { state, error, upload } = useReadable(message);
  return (
    <li data-testid="outgoing" data-state={state} data-kind={upload ? 'file' : 'text'}>
      {upload ? (
        <OutgoingFile message={message} upload={upload} />
      ) : (
        <OutgoingText message={message} state={state} error={error} />
      )}
      {state === 'failed' && <OutgoingFailure message={message} error={error} />}
    </li>
  );
};
