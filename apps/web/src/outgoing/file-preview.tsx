import { blurUrl } from '@claimcheck/client/react/thumbhash-picture';
import { Icon } from '../ui/icon.tsx';
import { useObjectUrl } from './use-object-url.ts';

interface FilePreviewProps {
  /** Absent after a reload. */
  file: Blob | undefined;
  contentType: string;
  thumbhash: string | undefined;
}

/** Shows the picture from this computer: its sender can see it before any upload. */
export const FilePreview = ({ file, contentType, thumbhash }: FilePreviewProps) => {
  const isImage = contentType.startsWith('image/');
  const url = useObjectUrl(isImage ? file : undefined) ?? blurUrl(thumbhash);
  return url ? (
    <img className="preview" src={url} alt="" />
  ) : (
    <span className="preview">
      <Icon name={contentType.startsWith('video/') ? 'play' : 'file'} />
    </span>
  );
};
