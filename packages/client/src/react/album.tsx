import type { CSSProperties, ReactNode } from 'react';
import type { Attachment } from '../wire/conversation.ts';
import type { Media } from '../wire/media.ts';
import type { MediaLabels } from './media-labels.ts';
import { MediaView } from './media-view.tsx';
import { useMedia } from './use-media.ts';

export interface AlbumProps {
  /** The `attachments` of a message. */
  attachments: readonly Attachment[];
  /** The conversation that shows it. */
  conversationId?: string | undefined;
  labels?: Partial<MediaLabels> | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
  /** Wraps each item, for example in a button. */
  renderItem?: ((item: ReactNode, attachment: Attachment, media: Media) => ReactNode) | undefined;
}

const GRID: CSSProperties = {
  display: 'grid',
  gridTemplateColumns: 'repeat(auto-fill, minmax(min(8rem, 45%), 1fr))',
  gap: '0.25rem',
};

/** Shows several files of one message side by side, pictures and films as squares. */
export const Album = ({ attachments, conversationId, className, style, ...props }: AlbumProps) => (
  <span className={className} style={{ ...GRID, ...style }} data-claimcheck-part="album">
    {attachments.map((attachment, index) => (
      <AlbumItem
        key={attachment.media_object_id ?? `removed ${index}`}
        attachment={attachment}
        conversationId={conversationId}
        {...props}
      />
    ))}
  </span>
);

interface AlbumItemProps extends Pick<AlbumProps, 'conversationId' | 'labels' | 'renderItem'> {
  attachment: Attachment;
}

const AlbumItem = ({ attachment, conversationId, labels, renderItem }: AlbumItemProps) => {
  const { media_object_id, media: reference } = attachment;
  // Its media object was removed.
  if (media_object_id === undefined) return null;
  return (
    <KnownItem
      id={media_object_id}
      // An event leaves out fields that a picture needs, so the handle requests them.
      media={isWhole(reference) ? reference : undefined}
      attachment={attachment}
      conversationId={conversationId}
      labels={labels}
      renderItem={renderItem}
    />
  );
};

const KnownItem = ({
  id,
  media: given,
  attachment,
  conversationId,
  labels,
  renderItem,
}: AlbumItemProps & { id: string; media: Media | undefined }) => {
  const { media = given } = useMedia(given ?? id, conversationId);
  if (media === undefined) return <span style={SQUARE} aria-busy="true" />;
  const isPicture = media.kind === 'image' || media.kind === 'video';
  const item = (
    <MediaView
      media={media}
      conversationId={conversationId}
      alt={attachment.alt}
      filename={attachment.filename}
      labels={labels}
      style={isPicture ? SQUARE : undefined}
    />
  );
  return renderItem ? renderItem(item, attachment, media) : item;
};

const SQUARE: CSSProperties = { display: 'block', aspectRatio: '1' };

const isWhole = (media: Attachment['media']): media is Media =>
  media?.mediaUrl !== undefined && media.qualities !== undefined && media.filename !== undefined;
