import type { Message } from '@claimcheck/client';
import { Album } from '@claimcheck/client/react';
import { memo } from 'react';
import { MessageMedia } from '../media/message-media.tsx';
import { useLongPress } from '../ui/use-long-press.ts';
import { LinkedText } from '../words/linked-text.tsx';
import { MessageActions } from './message-actions.tsx';
import { MessageTime } from './message-time.tsx';

interface MessageItemProps {
  message: Message;
  isOwn: boolean;
  /** Named above it. */
  sender: string | undefined;
  isFollowUp: boolean;
}

export const MessageItem = memo(({ message, isOwn, sender, isFollowUp }: MessageItemProps) => {
  const { isPressed, release, handlers } = useLongPress();
  return (
    <li
      className={isOwn ? 'message own' : 'message'}
      data-testid="message"
      data-message-id={message.message_id}
      data-seq={message.seq}
      data-follow-up={isFollowUp}
    >
      {/* Screen readers announce the sender, whether or not the name is shown. */}
      <div className="bubble" {...handlers}>
        {sender ? (
          <p className="sender">
            <bdi>{sender}</bdi>
          </p>
        ) : (
          <span className="visually-hidden">{isOwn ? 'You' : message.sender_user_id}: </span>
        )}
        {message.attachments ? (
          <Album
            attachments={message.attachments}
            conversationId={message.conversation_id}
            className="album"
            renderItem={(_, attachment, media) => (
              <MessageMedia message={message} attachment={attachment} media={media} isSquare />
            )}
          />
        ) : (
          message.media && <MessageMedia message={message} media={message.media} />
        )}
        {message.message_type !== 'text' && !message.media && !message.attachments && (
          <p className="status">{message.filename ?? 'This file'} was removed.</p>
        )}
        {message.body && <LinkedText className="body" text={message.body} />}
        <MessageTime sentAt={message.created_at} isEdited={message.edited_at !== undefined} />
      </div>
      <MessageActions message={message} isOpen={isPressed} onClose={release} />
    </li>
  );
});
