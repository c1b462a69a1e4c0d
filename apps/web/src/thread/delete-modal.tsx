import type { Message } from '@claimcheck/client';
import { useState } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { Modal } from '../ui/modal.tsx';
import { wordsOfError } from '../words/words-of-error.ts';
import { messageWords } from './message-words.ts';

interface DeleteModalProps {
  message: Message;
  onClose: () => void;
}

export const DeleteModal = ({ message, onClose }: DeleteModalProps) => {
  const { chat, announcer } = useChat();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);

  const remove = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await chat.deleteMessage(message);
      announcer.say('Deleted.');
      onClose();
    } catch (error) {
      setProblem(wordsOfError(error));
      setBusy(false);
    }
  };

  return (
    <Modal title="Delete for everyone?" onClose={onClose}>
      <p>“{messageWords(message)}” disappears from this conversation.</p>
      {message.media_object_id && <p className="quiet">Where it was forwarded to, it stays.</p>}
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      <div className="modal-foot">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="danger"
          disabled={isBusy}
          onClick={remove}
          data-testid="delete-confirm"
        >
          Delete
        </button>
      </div>
    </Modal>
  );
};
