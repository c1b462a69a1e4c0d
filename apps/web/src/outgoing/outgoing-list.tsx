import type { OutgoingMessage } from '@claimcheck/client';
import { useReadable } from '@claimcheck/client/react';
import { OutgoingFailure } from './outgoing-failure.tsx';
import { OutgoingFile } from './outgoing-file.tsx';
import { OutgoingSummary } from './outgoing-summary.tsx';
import { OutgoingText } from './outgoing-text.tsx';

/** Number of files from which on one line sums them up. */
const MANY = 4;

/** Lists unsent messages after the sent ones. */
export const OutgoingList = ({ messages }: { messages: readonly OutgoingMessage[] }) => {
  const uploads = messages.flatMap((message) => message.get().uploads);
  if (messages.length === 0) return null;
  return (
    <>
      {uploads.length >= MANY && <OutgoingSummary uploads={uploads} />}
      <ul className="outgoing" aria-label="On its way">
        {messages.map((message) => (
          <OutgoingItem key={message.id} message={message} />
        ))}
      </ul>
    </>
  );
};

const OutgoingItem = ({ message }: { message: OutgoingMessage }) => {
  const { state, error, uploads } = useReadable(message);
  const isAlbum = uploads.length > 1;
  return (
    <li data-testid="outgoing" data-state={state} data-kind={uploads.length > 0 ? 'file' : 'text'}>
      {uploads.length > 0 ? (
        <div className={isAlbum ? 'tiles' : undefined}>
          {uploads.map((upload) => (
            <OutgoingFile key={upload.id} message={message} upload={upload} />
          ))}
        </div>
      ) : (
        <OutgoingText message={message} state={state} error={error} />
      )}
      {uploads.length > 0 && message.text && (
        <p className="body" dir="auto">
          {message.text}
        </p>
      )}
      {state === 'failed' && <OutgoingFailure message={message} error={error} />}
    </li>
  );
};
