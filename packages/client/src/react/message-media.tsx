import type { CSSProperties } from 'react';
import type { Message } from '../wire/conversation.ts';
import { Album } from './album.tsx';
import type { MediaLabels } from './media-labels.ts';
import { MediaView } from './media-view.tsx';

export interface MessageMediaProps {
  message: Message;
  labels?: Partial<MediaLabels> | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
}

/** Shows what a message carries: its album, or its single media object by its kind. Shows nothing for a text. */
export const MessageMedia = ({ message, ...props }: MessageMediaProps) => {
  const { attachments, media, filename, alt, conversation_id: conversationId } = message;
  if (attachments) return <Album attachments={attachments} conversationId={conversationId} {...props} />;
  if (media === undefined) return null;
  return <MediaView media={media} conversationId={conversationId} filename={filename} alt={alt} {...props} />;
};
