import type { Attachment, Media, Message, Quality } from '@claimcheck/client';
import { MediaImage, MediaVideo, MediaView } from '@claimcheck/client/react';
import { useThreadActions } from '../thread/thread-actions.ts';
import { Icon } from '../ui/icon.tsx';
import { frameSize } from './frame-size.ts';
import { isDeliverable } from './is-deliverable.ts';
import { mediaWords } from './media-words.ts';

interface MessageMediaProps {
  message: Message;
  /** The item of an album. */
  attachment?: Attachment | undefined;
  media: Media;
  /** Shown as a square next to others; otherwise in its own proportions. */
  isSquare?: boolean;
  /** Of a square. */
  quality?: Quality;
}

/** The texts of the SDK's components, in this demo's words. */
const LABELS = {
  failed: 'This file could not be processed.',
  blocked: 'Blocked: the virus scanner found something in this file.',
  expired: 'This file has expired.',
  deleted: 'This file was deleted.',
  degraded: 'There is no preview of this file.',
};

/** The media of a message, drawn by the SDK's components. */
export const MessageMedia = ({ isSquare = false, ...props }: MessageMediaProps) => {
  const { media } = props;
  const words = hasFrame(media) ? mediaWords(media) : undefined;
  return (
    <figure
      className="media"
      data-testid="media"
      data-media-id={media.media_object_id}
      data-state={media.state}
    >
      <Part {...props} isSquare={isSquare} />
      {words && (
        <figcaption className="chip" title={words}>
          {words}
        </figcaption>
      )}
    </figure>
  );
};

/** Words that come and go must not move their surroundings, so they lie on the picture. */
const hasFrame = ({ kind, qualities, state }: Media): boolean =>
  (kind === 'image' || kind === 'video') &&
  !FILES.includes(state) &&
  (state !== 'degraded' || qualities.length > 0);

const FILES: readonly Media['state'][] = ['failed', 'blocked', 'expired', 'deleted'];

const Part = ({ message, attachment, media, isSquare, quality = 'low' }: MessageMediaProps) => {
  const { view } = useThreadActions();
  const said = attachment ?? message;
  const filename = said.filename ?? media.filename;
  const alt = said.alt || media.alt || filename;
  const props = { media, conversationId: message.conversation_id, filename, alt, labels: LABELS };
  if (!hasFrame(media)) return <MediaView {...props} className="file" />;
  const style = isSquare ? { aspectRatio: '1' } : { width: frameSize(media).width };
  if (media.kind === 'video' && !isSquare) return <MediaVideo {...props} className="frame" style={style} />;
  return (
    // Always the same element: another one would load the picture again.
    <button
      type="button"
      className="open"
      disabled={!isDeliverable(media)}
      onClick={() => view(message, media.media_object_id)}
      aria-label={`Open ${alt}`}
    >
      <MediaImage {...props} quality={isSquare ? quality : undefined} className="frame" style={style} />
      {media.kind === 'video' && (
        <span className="play">
          <Icon name="play" />
        </span>
      )}
    </button>
  );
};
