import type { Message } from '@claimcheck/client';
import { useReadable } from '@claimcheck/client/react';
import { useState } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { conversationName } from '../conversations/conversation-name.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Modal } from '../ui/modal.tsx';
import { wordsOfError } from '../words/words-of-error.ts';
import { messageWords } from './message-words.ts';

interface ForwardModalProps {
  message: Message;
  onClose: () => void;
}

/** The same media object in another conversation: nothing is uploaded again. */
export const ForwardModal = ({ message, onClose }: ForwardModalProps) => {
  const { session, chat, announcer } = useChat();
  const { conversations = [] } = useReadable(chat.store);
  const [problem, setProblem] = useState<string>();
  const others = conversations.filter(({ conversation_id }) => conversation_id !== message.conversation_id);

  const forward = async (conversationId: string, name: string) => {
    setProblem(undefined);
    try {
      await chat.forward(message, conversationId);
      announcer.say(`Forwarded to ${name}.`);
      onClose();
    } catch (error) {
      setProblem(wordsOfError(error));
    }
  };

  return (
    <Modal title="Forward to" onClose={onClose}>
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
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      <div className="modal-foot">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Modal>
  );
};
