import { blurUrl } from '@claimcheck/client/react/thumbhash-picture';
import { useObjectUrl } from '@claimcheck/client/react/use-object-url';
import { Icon } from '../ui/icon.tsx';

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
