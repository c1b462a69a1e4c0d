import type { ConversationSnapshot } from '@claimcheck/client';
import { useChat } from '../chat/chat-context.ts';
import { OutgoingList } from '../outgoing/outgoing-list.tsx';
import { AlbumItem } from './album-item.tsx';
import { DayDivider } from './day-divider.tsx';
import { type Album, groupMessages } from './group-messages.ts';
import { MessageItem } from './message-item.tsx';
import { OlderButton } from './older-button.tsx';
import { withProgress } from './with-progress.ts';

interface MessageListProps {
  conversationId: string;
  conversation: ConversationSnapshot;
}

/** The scroller runs from the bottom up (column-reverse), so it stays at the newest message by itself. */
export const MessageList = ({ conversationId, conversation }: MessageListProps) => {
  const { messages, progress, outgoing, hasOlder } = conversation;
  const isEmpty = messages.length + outgoing.length === 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="messages" aria-label="Messages" tabIndex={0}>
      {isEmpty ? (
        <p className="hint">{emptyWords(conversation)}</p>
      ) : (
        <div>
          {hasOlder && <OlderButton conversationId={conversationId} />}
          <ol className="thread">
            {groupMessages(withProgress(messages, progress)).flatMap(({ date, albums }) => [
              <DayDivider key={date.toDateString()} date={date} />,
              ...albums.map((album) => <AlbumOrMessage key={album.messages[0].message_id} album={album} />),
            ])}
          </ol>
          <OutgoingList messages={outgoing} />
        </div>
      )}
    </section>
  );
};

const emptyWords = ({ status, error }: ConversationSnapshot): string => {
  if (status === 'live') return 'No messages yet.';
  return error ? error.message : 'Loading messages…';
};

const AlbumOrMessage = ({ album }: { album: Album }) => {
  const { session } = useChat();
  const isOwn = album.sender === session.userId;
  return album.messages.length === 1 ? (
    <MessageItem message={album.messages[0]} isOwn={isOwn} />
  ) : (
    <AlbumItem album={album} isOwn={isOwn} />
  );
};
