import type { Message } from '@claimcheck/client';
import { memo } from 'react';
import { MediaView } from '../media/media-view.tsx';
import { MessageActions } from './message-actions.tsx';
import { MessageMeta } from './message-meta.tsx';

interface MessageItemProps {
  message: Message;
  isOwn: boolean;
}

export const MessageItem = memo(({ message, isOwn }: MessageItemProps) => (
  <li
    className={isOwn ? 'message own' : 'message'}
    data-testid="message"
    data-message-id={message.message_id}
    data-seq={message.seq}
  >
    <div className="bubble">
      <MessageMeta sender={message.sender_user_id} sentAt={message.created_at} />
      {message.media && <MediaView message={message} media={message.media} />}
      {message.message_type !== 'text' && !message.media && (
        <p className="status">{message.filename ?? 'This file'} was removed.</p>
      )}
      {message.body && <p className="body">{message.body}</p>}
    </div>
    <MessageActions message={message} />
  </li>
));
