import type { Message } from '@claimcheck/client';
import { MediaView } from '../media/media-view.tsx';
import type { Album } from './group-messages.ts';
import { MessageActions } from './message-actions.tsx';
import { MessageMeta } from './message-meta.tsx';

interface AlbumItemProps {
  album: Album;
  isOwn: boolean;
}

/** Photos that were sent together: a message each, side by side. */
export const AlbumItem = ({ album, isOwn }: AlbumItemProps) => {
  const { messages, sender } = album;
  return (
    <li className={isOwn ? 'message own' : 'message'}>
      <div className="bubble">
        <MessageMeta sender={sender} sentAt={messages[0].created_at} />
        <ul className="album" data-testid="album" aria-label={`${messages.length} photos`}>
          {messages.map((message) => (
            <AlbumCell key={message.message_id} message={message} />
          ))}
        </ul>
      </div>
    </li>
  );
};

const AlbumCell = ({ message }: { message: Message }) => (
  <li
    className="album-cell"
    data-testid="message"
    data-message-id={message.message_id}
    data-seq={message.seq}
  >
    {message.media && <MediaView message={message} media={message.media} isSquare />}
    <MessageActions message={message} />
  </li>
);
