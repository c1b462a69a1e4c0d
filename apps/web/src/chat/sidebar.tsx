import { useConversations } from '@claimcheck/client/react';
import { ConversationList } from '../conversations/conversation-list.tsx';
import { NewConversation } from '../conversations/new-conversation.tsx';
import { ThemeSwitch } from '../theme/theme-switch.tsx';
import { Avatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { wordsOfError } from '../words/words-of-error.ts';
import { useChat } from './chat-context.ts';
import { ConnectionBadge } from './connection-badge.tsx';

interface SidebarProps {
  onLeave: () => void;
  hasNetworkPanel: boolean;
  onNetworkPanel: () => void;
}

export const Sidebar = ({ onLeave, hasNetworkPanel, onNetworkPanel }: SidebarProps) => {
  const { session } = useChat();
  const { connection, error } = useConversations();
  return (
    <aside className="sidebar" aria-label="You and your conversations">
      <header className="sidebar-head">
        <Avatar name={session.userId} />
        <div>
          <h1>
            <bdi>{session.userId}</bdi>
          </h1>
          <ConnectionBadge state={connection} />
        </div>
        <IconButton
          icon="network"
          label="Network panel"
          aria-expanded={hasNetworkPanel}
          aria-controls="network-panel"
          data-testid="network-toggle"
          onClick={onNetworkPanel}
        />
        <IconButton icon="people" label="Change user" onClick={onLeave} />
      </header>
      <NewConversation />
      <ConversationList />
      {error && connection === 'connected' && (
        <p role="alert" className="problem">
          {wordsOfError(error)}
        </p>
      )}
      <footer className="sidebar-foot">
        <ThemeSwitch />
      </footer>
    </aside>
  );
};
