import { useChat } from './chat-context.ts';
import type { OutgoingFile } from './outgoing-files.ts';
import { useStore } from './use-store.ts';

export const OutgoingFileList = ({ conversationId }: { conversationId: string }) => {
  const { files } = useChat();
  const own = useStore(files.store).filter((item) => item.conversationId === conversationId);
  if (own.length === 0) return null;
  return (
    <ul className="outgoing" aria-label="Files on their way">
      {own.map((item) => (
        <OutgoingFileItem key={item.key} item={item} />
      ))}
    </ul>
  );
};

const WORDS: Record<OutgoingFile['phase'], string> = {
  uploading: 'Uploading',
  sending: 'Sending…',
  failed: 'Not sent',
};

const OutgoingFileItem = ({ item }: { item: OutgoingFile }) => {
  const { files } = useChat();
  const { key, file, phase, percent, problem, canRetry } = item;
  return (
    <li>
      <span className="name">{file.name}</span>
      {phase === 'failed' ? (
        <span role="alert" className="problem">
          {WORDS.failed}: {problem}
        </span>
      ) : (
        <>
          <progress
            data-testid="upload-progress"
            data-percent={percent}
            max={100}
            value={percent}
            aria-label={`Upload of ${file.name}`}
          />
          <span className="percent">{phase === 'uploading' ? `${percent} %` : WORDS[phase]}</span>
        </>
      )}
      {phase === 'failed' && canRetry && (
        <button type="button" onClick={() => files.retry(item)}>
          Try again
        </button>
      )}
      {phase !== 'sending' && (
        <button type="button" data-testid="upload-cancel" onClick={() => files.cancel(key)}>
          {phase === 'failed' ? 'Dismiss' : 'Cancel'}
          <span className="visually-hidden"> {file.name}</span>
        </button>
      )}
    </li>
  );
};
