import type { Message } from '@claimcheck/client';
import { MessageMedia } from '../media/message-media.tsx';
import { useLongPress } from '../ui/use-long-press.ts';
import type { Album } from './group-messages.ts';
import { MessageActions } from './message-actions.tsx';
import { MessageTime } from './message-time.tsx';

interface AlbumItemProps {
  album: Album;
  isOwn: boolean;
  sender: string | undefined;
}

/** Shows photos that were sent together, each its own message, side by side. */
export const AlbumItem = ({ album: { messages, isFollowUp }, isOwn, sender }: AlbumItemProps) => (
  <li className={isOwn ? 'message own' : 'message'} data-follow-up={isFollowUp}>
    <div className="bubble">
      {sender && (
        <p className="sender">
          <bdi>{sender}</bdi>
        </p>
      )}
      <ul className="album" data-testid="album" aria-label={`${messages.length} photos`}>
        {messages.map((message) => (
          <AlbumCell key={message.message_id} message={message} />
        ))}
      </ul>
      <MessageTime sentAt={messages[0].created_at} />
    </div>
  </li>
);

const AlbumCell = ({ message }: { message: Message }) => {
  const { isPressed, release, handlers } = useLongPress();
  return (
    <li
      className="album-cell"
      data-testid="message"
      data-message-id={message.message_id}
      data-seq={message.seq}
      {...handlers}
    >
      {message.media && <MessageMedia message={message} media={message.media} isSquare />}
      <MessageActions message={message} isOpen={isPressed} onClose={release} />
    </li>
  );
};
