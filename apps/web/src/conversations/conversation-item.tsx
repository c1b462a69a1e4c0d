import { type ListedConversation, useConversations, useReadable } from '@claimcheck/client/react';
import { useEffect, useRef } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { messageWords } from '../thread/message-words.ts';
import { Avatar } from '../ui/avatar.tsx';
import { formatRecent } from '../words/format-time.ts';
import { conversationName } from './conversation-name.ts';

export const ConversationItem = ({ conversation }: { conversation: ListedConversation }) => {
  const { session, chat } = useChat();
  const id = conversation.conversation_id;
  const { openId } = useReadable(chat.store);
  const { last_message: last } = conversation;
  const unread = useNews(conversation);
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

/** Announces news, and reads those of the open conversation. @returns the number of unread messages */
const useNews = ({ conversation_id: id, last_message: last, unread }: ListedConversation): number => {
  const { chat, announcer } = useChat();
  const { markRead } = useConversations();
  const { openId } = useReadable(chat.store);
  const isOpen = id === openId;
  const announced = useRef(0);

  useEffect(() => {
    if (!last || unread === 0 || last.seq <= announced.current) return;
    announced.current = last.seq;
    announcer.say(`${last.sender_user_id}: ${messageWords(last)}`);
  }, [last, unread, announcer]);
  useEffect(() => {
    if (isOpen && unread > 0) markRead(id);
  }, [isOpen, unread, markRead, id]);
  return isOpen ? 0 : unread;
};
