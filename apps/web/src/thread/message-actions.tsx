import type { Message } from '@claimcheck/client';
import { useChat } from '../chat/chat-context.ts';
import { DisclosureMenu, type MenuAction } from '../ui/disclosure-menu.tsx';
import { messageWords } from './message-words.ts';
import { useThreadActions } from './thread-actions.ts';

const GONE: readonly string[] = ['failed', 'blocked', 'expired', 'deleted'];

interface MessageActionsProps {
  message: Message;
  /** Opened by a long press. */
  isOpen: boolean;
  onClose: () => void;
}

export const MessageActions = ({ message, isOpen, onClose }: MessageActionsProps) => {
  const { session } = useChat();
  const { forward, remove } = useThreadActions();
  const isThere =
    message.message_type === 'text' ||
    (message.attachments ?? [message]).some(({ media }) => media && !GONE.includes(media.state));
  const actions: MenuAction[] = [];
  if (isThere) actions.push({ icon: 'forward', label: 'Forward', onChoose: () => forward(message) });
  if (message.sender_user_id === session.userId)
    actions.push({ icon: 'trash', label: 'Delete for everyone', onChoose: () => remove(message) });
  if (actions.length === 0) return null;
  return (
    <DisclosureMenu
      label={`More for “${messageWords(message)}”`}
      actions={actions}
      isPressed={isOpen}
      onClose={onClose}
    />
  );
};
