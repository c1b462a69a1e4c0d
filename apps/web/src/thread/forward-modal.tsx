import type { Message } from '@claimcheck/client';
import { useConversations } from '@claimcheck/client/react';
import { useChat } from '../chat/chat-context.ts';
import { conversationName } from '../conversations/conversation-name.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Modal } from '../ui/modal.tsx';
import { messageWords } from './message-words.ts';

interface ForwardModalProps {
  message: Message;
  onClose: () => void;
}

/** Sends the same media object in another conversation: nothing is uploaded again. */
export const ForwardModal = ({ message, onClose }: ForwardModalProps) => {
  const { session, chat, announcer } = useChat();
  const { conversations = [] } = useConversations();
  const others = conversations.filter(({ conversation_id }) => conversation_id !== message.conversation_id);

  // The message waits there like every other, and shows its outcome there.
  const forward = (conversationId: string, name: string) => {
    chat.forward(message, conversationId);
    announcer.say(`Forwarded to ${name}.`);
    onClose();
  };

  return (
    <Modal title="Forward to" closeLabel="Cancel" onClose={onClose}>
      <p className="quiet">{messageWords(message)}</p>
      {others.length === 0 && <p>There is no other conversation yet.</p>}
      <ul className="choices" data-testid="forward-targets">
        {others.map((conversation) => {
          const name = conversationName(conversation, session.userId);
          return (
            <li key={conversation.conversation_id}>
              <button type="button" onClick={() => forward(conversation.conversation_id, name)}>
                <Avatar name={name} />
                {name}
              </button>
            </li>
          );
        })}
      </ul>
    </Modal>
  );
};
