import type { ConversationSnapshot, Message } from '@claimcheck/client';
import { Fragment } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { OutgoingList } from '../outgoing/outgoing-list.tsx';
import { LoadButton } from '../ui/load-button.tsx';
import { AlbumItem } from './album-item.tsx';
import { DayDivider } from './day-divider.tsx';
import { type Album, groupMessages } from './group-messages.ts';
import { MessageItem } from './message-item.tsx';
import { segmentsOf } from './segments.ts';
import { withProgress } from './with-progress.ts';

interface MessageListProps {
  conversationId: string;
  conversation: ConversationSnapshot;
  /** In a chat of two, the name adds nothing. */
  hasNames: boolean;
}

/** The scroller runs from the bottom up (column-reverse), so it stays at the newest message by itself. */
export const MessageList = ({ conversationId, conversation, hasNames }: MessageListProps) => {
  const { session } = useChat();
  const { messages, progress, outgoing, hasOlder } = conversation;
  const loadOlder = () => session.client.conversation(conversationId).loadOlder();
  const isEmpty = messages.length + outgoing.length === 0;
  let before: Message | undefined;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="messages" aria-label="Messages" tabIndex={0}>
      {isEmpty ? (
        <p className="hint">{emptyWords(conversation)}</p>
      ) : (
        <div>
          {hasOlder && <LoadButton label="Earlier messages" onLoad={loadOlder} />}
          {isUnscanned(messages) && <p className="note">Files are not scanned for viruses here.</p>}
          {segmentsOf(withProgress(messages, progress), outgoing).map((segment) => {
            const days = groupMessages(segment.messages, before);
            before = segment.messages.at(-1) ?? before;
            return (
              <Fragment key={segment.messages[0]?.message_id ?? 'first'}>
                <ol className="thread">
                  {days.flatMap(({ date, isNew, albums }) => [
                    isNew && <DayDivider key={date.toDateString()} date={date} />,
                    ...albums.map((album) => (
                      <AlbumOrMessage key={album.messages[0].message_id} album={album} hasNames={hasNames} />
                    )),
                  ])}
                </ol>
                <OutgoingList messages={segment.outgoing} />
              </Fragment>
            );
          })}
        </div>
      )}
    </section>
  );
};

const isUnscanned = (messages: readonly Message[]): boolean =>
  messages.some(({ media, attachments = [] }) =>
    [media, ...attachments.map((item) => item.media)].some((each) => each?.scan_state === 'skipped'),
  );

const emptyWords = ({ status, error }: ConversationSnapshot): string => {
  if (status === 'live') return 'No messages yet.';
  return error ? error.message : 'Loading messages…';
};

const AlbumOrMessage = ({ album, hasNames }: { album: Album; hasNames: boolean }) => {
  const { session } = useChat();
  const isOwn = album.sender === session.userId;
  const sender = hasNames && !isOwn && !album.isFollowUp ? album.sender : undefined;
  return album.messages.length === 1 ? (
    <MessageItem message={album.messages[0]} isOwn={isOwn} sender={sender} isFollowUp={album.isFollowUp} />
  ) : (
    <AlbumItem album={album} isOwn={isOwn} sender={sender} />
  );
};
