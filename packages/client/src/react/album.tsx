import type { CSSProperties, ReactNode } from 'react';
import type { Attachment } from '../wire/conversation.ts';
import type { Media } from '../wire/media.ts';
import { MediaFrame } from './media-frame.tsx';
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

/** Two columns where three would leave a hole. */
const gridOf = (count: number): CSSProperties => ({
  display: 'grid',
  gridTemplateColumns: `repeat(${count === 2 || count === 4 ? 2 : 3}, minmax(0, 1fr))`,
  gap: '0.25rem',
});

/** Shows several files of one message side by side: pictures and films as squares, other files in rows of their own. */
export const Album = ({ attachments, conversationId, className, style, ...props }: AlbumProps) => (
  <span
    className={className}
    style={{ ...gridOf(attachments.length), ...style }}
    data-claimcheck-part="album"
  >
    {attachments.map((attachment) => {
      const { media_object_id: id } = attachment;
      // Without an id, its media object was removed.
      if (id === undefined) return null;
      return <AlbumItem key={id} {...props} {...{ id, attachment, conversationId }} />;
    })}
  </span>
);

interface AlbumItemProps extends Pick<AlbumProps, 'conversationId' | 'labels' | 'renderItem'> {
  id: string;
  attachment: Attachment;
}

const AlbumItem = ({ id, attachment, conversationId, labels, renderItem }: AlbumItemProps) => {
  const { media: reference, alt, filename } = attachment;
  const { media } = useMedia(reference ?? id, conversationId);
  if (media === undefined)
    return (
      <MediaFrame
        media={reference ?? { kind: 'image' }}
        words={undefined}
        alt={alt ?? filename ?? ''}
        isBusy
        className={undefined}
        style={SQUARE}
      />
    );
  const isPicture = media.kind === 'image' || media.kind === 'video';
  const item = (
    <MediaView
      media={media}
      conversationId={conversationId}
      alt={alt}
      filename={filename}
      labels={labels}
      style={isPicture ? SQUARE : WHOLE_ROW}
    />
  );
  return renderItem ? renderItem(item, attachment, media) : item;
};

const SQUARE: CSSProperties = { display: 'block', aspectRatio: '1' };
const WHOLE_ROW: CSSProperties = { gridColumn: '1 / -1' };
