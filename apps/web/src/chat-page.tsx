import { useEffect, useMemo } from 'react';
import { Chat } from './chat.ts';
import { ChatContext } from './chat-context.ts';
import { ConnectionBadge } from './connection-badge.tsx';
import { ConversationList } from './conversation-list.tsx';
import { ConversationView } from './conversation-view.tsx';
import { NewConversation } from './new-conversation.tsx';
import type { Session } from './open-session.ts';
import { OutgoingFiles } from './outgoing-files.ts';
import { useStore } from './use-store.ts';

interface ChatPageProps {
  session: Session;
  onLeave: () => void;
}

export const ChatPage = ({ session, onLeave }: ChatPageProps) => {
  const parts = useMemo(() => {
    const chat = new Chat(session.client, session.userId);
    const files = new OutgoingFiles(session.client, session.maxUploadBytes, (message) => chat.add(message));
    return { session, chat, files };
  }, [session]);
  useEffect(() => {
    const stop = parts.chat.start();
    return () => {
      stop();
      parts.files.cancelAll();
    };
  }, [parts]);

  const { openId, problem, connection } = useStore(parts.chat.store);
  return (
    <ChatContext value={parts}>
      <div className="chat" data-open={openId !== undefined}>
        <aside className="sidebar">
          <header className="sidebar-head">
            <h1>{session.userId}</h1>
            <ConnectionBadge state={connection} />
            <button type="button" onClick={onLeave}>
              Change user
            </button>
          </header>
          <NewConversation />
          <ConversationList />
          {problem && (
            <p role="alert" className="problem">
              {problem}
            </p>
          )}
        </aside>
        <main className="pane">
          {openId === undefined ? (
            <p className="hint">Choose a conversation, or start a new one.</p>
          ) : (
            <ConversationView key={openId} conversationId={openId} />
          )}
        </main>
      </div>
    </ChatContext>
  );
};
