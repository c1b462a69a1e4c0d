import { type ChosenFile, formatBytes } from '@claimcheck/client/react';
import { FilePreview } from '../outgoing/file-preview.tsx';
import { IconButton } from '../ui/icon-button.tsx';

interface ChosenFilesProps {
  files: readonly ChosenFile[];
  onRemove: (key: string) => void;
}

/** Lists the chosen files before any of them is sent. */
export const ChosenFiles = ({ files, onRemove }: ChosenFilesProps) => (
  <ul className="chosen" aria-label="Files to send" data-testid="chosen-files">
    {files.map(({ key, file }) => (
      <li key={key}>
        <FilePreview file={file} contentType={file.type} thumbhash={undefined} />
        <span className="name">
          <bdi>{file.name}</bdi>
        </span>
        <span className="size">
          <bdi>{formatBytes(file.size)}</bdi>
        </span>
        <IconButton icon="close" label={`Remove ${file.name}`} onClick={() => onRemove(key)} />
      </li>
    ))}
  </ul>
);
