import { useChat } from './chat-context.ts';
import { Composer } from './composer.tsx';
import { conversationName } from './conversation-name.ts';
import { MessageList } from './message-list.tsx';
import { OutgoingFileList } from './outgoing-file-list.tsx';
import { useFileDrop } from './use-file-drop.ts';
import { useStore } from './use-store.ts';

export const ConversationView = ({ conversationId }: { conversationId: string }) => {
  const { session, chat, files } = useChat();
  const { conversations, opened } = useStore(chat.store);
  const sendFiles = (list: Iterable<File>) => {
    for (const file of list) files.send(conversationId, file);
  };
  const isDragging = useFileDrop(sendFiles);
  const conversation = conversations?.find((item) => item.conversation_id === conversationId);
  const loaded = opened[conversationId];

  return (
    <section className="conversation" aria-label="Conversation">
      <header className="conversation-head">
        <button type="button" className="back" onClick={() => chat.open(undefined)}>
          Back
        </button>
        <h2>{conversation ? conversationName(conversation, session.userId) : 'Conversation'}</h2>
      </header>
      {loaded ? (
        <MessageList conversationId={conversationId} loaded={loaded} />
      ) : (
        <p className="hint">Loading messages…</p>
      )}
      <OutgoingFileList conversationId={conversationId} />
      <Composer conversationId={conversationId} onFiles={sendFiles} />
      {isDragging && <div className="drop-hint">Drop files to send them</div>}
    </section>
  );
};
