import type { Message } from '@claimcheck/contracts/rest';
import { memo } from 'react';
import { MediaView } from './media-view.tsx';

interface MessageItemProps {
  message: Message;
  isOwn: boolean;
}

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

export const MessageItem = memo(({ message, isOwn }: MessageItemProps) => (
  <li
    className={isOwn ? 'message own' : 'message'}
    data-testid="message"
    data-message-id={message.message_id}
    data-seq={message.seq}
  >
    <p className="meta">
      <span className="sender">{message.sender_user_id}</span>{' '}
      <time dateTime={message.created_at}>{time.format(new Date(message.created_at))}</time>
    </p>
    {message.media && <MediaView media={message.media} alt={message.alt} filename={message.filename} />}
    {message.message_type !== 'text' && !message.media && (
      <p className="status">{message.filename ?? 'This file'} was removed.</p>
    )}
    {message.body && <p className="body">{message.body}</p>}
  </li>
));
