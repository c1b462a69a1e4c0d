import type { Media } from '@claimcheck/contracts/media';
import { DownloadLink } from './download-link.tsx';
import { MediaAudio } from './media-audio.tsx';
import { MediaImage } from './media-image.tsx';
import type { MediaPartProps } from './media-part-props.ts';
import { MediaVideo } from './media-video.tsx';
import { mediaWords } from './media-words.ts';

interface MediaViewProps {
  media: Media;
  alt: string | undefined;
  filename: string | undefined;
}

const GONE: readonly Media['state'][] = ['failed', 'blocked', 'expired', 'deleted'];

export const MediaView = ({ media, alt, filename }: MediaViewProps) => {
  const name = filename ?? media.filename;
  const part = { media, name, alt: alt || media.alt || name };
  const words = mediaWords(media);
  return (
    <figure
      className="media"
      data-testid="media"
      data-media-id={media.media_object_id}
      data-state={media.state}
    >
      {GONE.includes(media.state) ? <p className="gone">{name}</p> : <MediaPart {...part} />}
      {words && <figcaption className="status">{words}</figcaption>}
    </figure>
  );
};

const MediaPart = (props: MediaPartProps) => {
  switch (props.media.kind) {
    case 'image':
      return <MediaImage {...props} />;
    case 'video':
      return <MediaVideo {...props} />;
    case 'audio':
      return <MediaAudio {...props} />;
    default:
      return <DownloadLink {...props} />;
  }
};
