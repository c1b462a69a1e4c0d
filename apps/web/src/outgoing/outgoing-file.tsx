import type { OutgoingMessage, Upload } from '@claimcheck/client';
import { useReadable } from '@claimcheck/client/react';
import { useChat } from '../chat/chat-context.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { FilePreview } from './file-preview.tsx';
import { percentOf } from './progress-words.ts';
import { uploadWords } from './upload-words.ts';

interface OutgoingFileProps {
  message: OutgoingMessage;
  upload: Upload;
}

const RUNNING: readonly string[] = ['queued', 'preparing', 'uploading', 'waiting'];

export const OutgoingFile = ({ message, upload }: OutgoingFileProps) => {
  const { chat } = useChat();
  const snapshot = useReadable(upload);
  const { state, progress, placeholder } = snapshot;
  const percent = percentOf(progress);
  const name = upload.filename;
  const isInAlbum = message.attachmentCount > 1;
  return (
    <div className="outgoing-file" data-testid="upload" data-state={state}>
      <FilePreview
        file={chat.fileOf(upload)}
        contentType={upload.contentType}
        thumbhash={placeholder?.thumbhash}
      />
      <div>
        <span className="name">
          <bdi>{name}</bdi>
        </span>
        <progress
          data-testid="upload-progress"
          data-percent={percent}
          max={100}
          value={percent}
          aria-label={`Upload of ${name}`}
        />
        <p className="status">
          <bdi>{uploadWords(snapshot)}</bdi>
        </p>
      </div>
      <div className="buttons">
        {RUNNING.includes(state) && (
          <IconButton
            icon="pause"
            label={`Pause ${name}`}
            data-testid="upload-pause"
            onClick={() => upload.pause()}
          />
        )}
        {state === 'paused' && (
          <IconButton
            icon="play"
            label={`Resume ${name}`}
            data-testid="upload-resume"
            onClick={() => upload.resume()}
          />
        )}
        {state !== 'failed' && (state !== 'done' || isInAlbum) && (
          <IconButton
            icon="close"
            label={`Cancel ${name}`}
            data-testid="upload-cancel"
            onClick={() => {
              // If the cancellation does not reach the server, the upload expires there.
              (isInAlbum ? upload.cancel() : message.discard()).catch(() => {});
            }}
          />
        )}
      </div>
    </div>
  );
};
