import { useChat } from './chat-context.ts';
import { conversationName } from './conversation-name.ts';
import { useStore } from './use-store.ts';

export const ConversationList = () => {
  const { session, chat } = useChat();
  const { conversations, openId, unread } = useStore(chat.store);
  if (!conversations) return <p className="hint">Loading…</p>;
  if (conversations.length === 0) return <p className="hint">No conversations yet.</p>;
  return (
    <nav aria-label="Conversations" className="conversations">
      <ul>
        {conversations.map((conversation) => {
          const id = conversation.conversation_id;
          const count = unread[id] ?? 0;
          return (
            <li key={id}>
              <button
                type="button"
                data-testid="conversation-item"
                data-conversation-id={id}
                aria-current={id === openId}
                onClick={() => chat.open(id)}
              >
                <span className="name">{conversationName(conversation, session.userId)}</span>
                {count > 0 && (
                  <span className="count">
                    {count}
                    <span className="visually-hidden"> new messages</span>
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
};
