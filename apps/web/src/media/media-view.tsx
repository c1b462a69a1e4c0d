import type { Media, MediaState, Message } from '@claimcheck/client';
import { useThreadActions } from '../thread/thread-actions.ts';
import { DownloadLink } from './download-link.tsx';
import { isDeliverable } from './is-deliverable.ts';
import { MediaAudio } from './media-audio.tsx';
import { MediaImage } from './media-image.tsx';
import { MediaNotice } from './media-notice.tsx';
import type { MediaPartProps } from './media-part-props.ts';
import { MediaVideo } from './media-video.tsx';
import { mediaWords } from './media-words.ts';

interface MediaViewProps {
  message: Message;
  media: Media;
  isSquare?: boolean;
}

const GONE: readonly MediaState[] = ['failed', 'blocked', 'expired', 'deleted'];

export const MediaView = ({ message, media, isSquare = false }: MediaViewProps) => {
  const { view } = useThreadActions();
  const name = message.filename ?? media.filename;
  const alt = message.alt || media.alt || name;
  const words = mediaWords(media);
  const open = isDeliverable(media) ? { onOpen: () => view(message) } : {};
  const isGone = GONE.includes(media.state);
  return (
    <figure
      className="media"
      data-testid="media"
      data-media-id={media.media_object_id}
      data-state={media.state}
    >
      {isGone ? (
        <MediaNotice state={media.state} name={name} words={words} />
      ) : (
        <MediaPart
          media={media}
          conversationId={message.conversation_id}
          name={name}
          alt={alt}
          isSquare={isSquare}
          {...open}
        />
      )}
      {words && !isGone && (
        <figcaption className={hasFrame(media) ? 'chip' : 'status'} title={words}>
          {words}
        </figcaption>
      )}
    </figure>
  );
};

/** Words that come and go must not move what is around: they lie on the picture. */
const hasFrame = ({ kind, qualities, state }: Media) =>
  (kind === 'image' || kind === 'video') && (state !== 'degraded' || qualities.length > 0);

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
