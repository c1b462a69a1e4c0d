import { ClaimcheckProvider, useReadable } from '@claimcheck/client/react';
import { useMemo, useState } from 'react';
import { loadHls } from '../media/load-hls.ts';
import { NetworkPanel } from '../network/network-panel.tsx';
import type { Session } from '../session/open-session.ts';
import { ConversationView } from '../thread/conversation-view.tsx';
import { Announcer } from '../ui/announcer.ts';
import { LiveRegion } from '../ui/live-region.tsx';
import { Chat } from './chat.ts';
import { ChatContext, type ChatParts } from './chat-context.ts';
import { OfflineBanner } from './offline-banner.tsx';
import { Sidebar } from './sidebar.tsx';
import { useOpenInAddress } from './use-open-in-address.ts';

interface ChatPageProps {
  session: Session;
  onLeave: () => void;
}

export const ChatPage = ({ session, onLeave }: ChatPageProps) => {
  const parts = useChatParts(session);
  const { openId } = useReadable(parts.chat.store);
  useOpenInAddress(parts.chat);
  const [hasNetworkPanel, setNetworkPanel] = useState(false);
  const toggleNetworkPanel = () => setNetworkPanel((shown) => !shown);
  return (
    <ClaimcheckProvider client={session.client} loadHls={loadHls}>
      <ChatContext value={parts}>
        <div className="chat" data-open={openId !== undefined} data-panel={hasNetworkPanel}>
          <Sidebar onLeave={onLeave} hasNetworkPanel={hasNetworkPanel} onNetworkPanel={toggleNetworkPanel} />
          <main className="pane">
            <OfflineBanner />
            {openId === undefined ? (
              <p className="hint">Choose a conversation, or start a new one.</p>
            ) : (
              <ConversationView key={openId} conversationId={openId} onNetworkPanel={toggleNetworkPanel} />
            )}
          </main>
          {hasNetworkPanel && <NetworkPanel onClose={() => setNetworkPanel(false)} />}
        </div>
        <LiveRegion announcer={parts.announcer} />
      </ChatContext>
    </ClaimcheckProvider>
  );
};

const useChatParts = (session: Session): ChatParts =>
  useMemo(() => ({ session, chat: new Chat(session), announcer: new Announcer() }), [session]);
