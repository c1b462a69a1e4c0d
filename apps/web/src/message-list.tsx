import { useState } from 'react';
import type { OpenedConversation } from './chat.ts';
import { useChat } from './chat-context.ts';
import { MessageItem } from './message-item.tsx';
import { wordsOfError } from './words-of-error.ts';

interface MessageListProps {
  conversationId: string;
  loaded: OpenedConversation;
}

/** The scroller runs from the bottom up (column-reverse), so it stays at the newest message by itself. */
export const MessageList = ({ conversationId, loaded }: MessageListProps) => {
  const { session } = useChat();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <div className="messages" role="log" aria-label="Messages" aria-live="polite" tabIndex={0}>
      <div>
        {loaded.hasOlder && <OlderButton conversationId={conversationId} />}
        {loaded.messages.length === 0 && <p className="hint">No messages yet.</p>}
        <ol>
          {loaded.messages.map((message) => (
            <MessageItem
              key={message.message_id}
              message={message}
              isOwn={message.sender_user_id === session.userId}
            />
          ))}
        </ol>
      </div>
    </div>
  );
};

const OlderButton = ({ conversationId }: { conversationId: string }) => {
  const { chat } = useChat();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const load = async () => {
    setBusy(true);
    setProblem(undefined);
    await chat.loadOlder(conversationId).catch((error) => setProblem(wordsOfError(error)));
    setBusy(false);
  };
  return (
    <p className="older">
      <button type="button" onClick={load} disabled={isBusy}>
        {isBusy ? 'Loading…' : 'Earlier messages'}
      </button>
      {problem && <span role="alert"> {problem}</span>}
    </p>
  );
};
