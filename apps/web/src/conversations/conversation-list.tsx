import { useReadable } from '@claimcheck/client/react';
import { useChat } from '../chat/chat-context.ts';
import { ConversationItem } from './conversation-item.tsx';

export const ConversationList = () => {
  const { chat } = useChat();
  const { conversations } = useReadable(chat.store);
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
