import { useConversations, useReadable } from '@claimcheck/client/react';
import { useEffect, useRef } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { ConversationItem } from './conversation-item.tsx';

export const ConversationList = () => {
  const { conversations } = useConversations();
  useLeaveRemoved(conversations?.map(({ conversation_id }) => conversation_id) ?? []);
  if (!conversations) return <p className="hint">Loading…</p>;
  if (conversations.length === 0) return <p className="hint">No conversations yet.</p>;
  return (
    <nav aria-label="Conversations" className="conversations">
      <ul>
        {conversations.map((conversation) => (
          <ConversationItem key={conversation.conversation_id} conversation={conversation} />
        ))}
      </ul>
    </nav>
  );
};

/** Leaves the open conversation when it disappears from the list. */
const useLeaveRemoved = (ids: readonly string[]): void => {
  const { chat } = useChat();
  const { openId } = useReadable(chat.store);
  const wasListed = useRef<string>(undefined);
  const isListed = openId !== undefined && ids.includes(openId);
  useEffect(() => {
    if (isListed) wasListed.current = openId;
    else if (openId !== undefined && wasListed.current === openId) chat.open(undefined);
  }, [chat, isListed, openId]);
};
