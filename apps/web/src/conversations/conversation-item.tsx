import type { Conversation } from '@claimcheck/client';
import { useReadable } from '@claimcheck/client/react';
import { useEffect, useRef } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { messageWords } from '../thread/message-words.ts';
import { Avatar } from '../ui/avatar.tsx';
import { formatRecent } from '../words/format-time.ts';
import { conversationName } from './conversation-name.ts';

export const ConversationItem = ({ conversation }: { conversation: Conversation }) => {
  const { session, chat } = useChat();
  const id = conversation.conversation_id;
  const { openId } = useReadable(chat.store);
  const { last, unread } = useNews(id);
  const name = conversationName(conversation, session.userId);
  return (
    <li>
      <button
        type="button"
        data-testid="conversation-item"
        data-conversation-id={id}
        aria-current={id === openId}
        onClick={() => chat.open(id)}
      >
        <Avatar name={name} />
        <span className="name">
          <bdi>{name}</bdi>
          <span className="last">
            <bdi>{last ? messageWords(last) : 'No messages yet'}</bdi>
          </span>
        </span>
        {last && (
          <time className="when" dateTime={last.created_at} dir="auto">
            {formatRecent(last.created_at)}
          </time>
        )}
        {unread > 0 && (
          <span className="count">
            {unread}
            <span className="visually-hidden"> new messages</span>
          </span>
        )}
      </button>
    </li>
  );
};

/** Follows the conversation: its last message, and the number of unseen ones. */
const useNews = (id: string) => {
  const { session, chat, announcer } = useChat();
  const { messages, status } = useReadable(session.client.conversation(id));
  const { openId, seen } = useReadable(chat.store);
  const last = messages.at(-1);
  const seenSeq = seen[id] ?? 0;
  const news = messages.filter(
    ({ seq, sender_user_id }) => seq > seenSeq && sender_user_id !== session.userId,
  );
  const newest = news.at(-1);
  const announced = useRef(0);

  useEffect(() => {
    if (!newest || newest.seq <= announced.current) return;
    announced.current = newest.seq;
    announcer.say(`${newest.sender_user_id}: ${messageWords(newest)}`);
  }, [newest, announcer]);
  useEffect(() => {
    if (id === openId && last) chat.see(id, last.seq);
  }, [chat, id, openId, last]);
  return { last: status === 'loading' ? undefined : last, unread: id === openId ? 0 : news.length };
};
