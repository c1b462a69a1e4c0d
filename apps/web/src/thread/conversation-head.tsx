import { useConversations } from '@claimcheck/client/react';
import { useChat } from '../chat/chat-context.ts';
import { conversationName } from '../conversations/conversation-name.ts';
import { Avatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/icon-button.tsx';

interface ConversationHeadProps {
  conversationId: string;
  onMedia: () => void;
  /** On phones the sidebar, with its own button, is not next to the conversation. */
  onNetworkPanel: () => void;
}

export const ConversationHead = ({ conversationId, onMedia, onNetworkPanel }: ConversationHeadProps) => {
  const { session, chat } = useChat();
  const { conversations } = useConversations();
  const conversation = conversations?.find((item) => item.conversation_id === conversationId);
  const name = conversation ? conversationName(conversation, session.userId) : 'Conversation';
  const count = conversation?.member_ids.length ?? 0;
  return (
    <header className="conversation-head">
      <IconButton
        icon="back"
        label="Back to the conversations"
        className="only-phone"
        onClick={() => chat.open(undefined)}
      />
      <Avatar name={name} />
      <div className="grow">
        <h2>
          <bdi>{name}</bdi>
        </h2>
        {count > 2 && <p className="quiet">{count} people</p>}
      </div>
      <IconButton icon="media" label="Media" aria-haspopup="dialog" onClick={onMedia} />
      <IconButton icon="network" label="Network panel" className="only-phone" onClick={onNetworkPanel} />
    </header>
  );
};
