import type { Message } from '@claimcheck/client';
import { useComposer, useConversations, useReadable } from '@claimcheck/client/react';
import { useMemo, useState } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { Composer } from '../composer/composer.tsx';
import { useFileDrop } from '../composer/use-file-drop.ts';
import { ConversationHead } from './conversation-head.tsx';
import { MessageList } from './message-list.tsx';
import { type ThreadActions, ThreadActionsContext } from './thread-actions.ts';
import { type ShownDialog, ThreadDialog } from './thread-dialog.tsx';

interface ConversationViewProps {
  conversationId: string;
  onNetworkPanel: () => void;
}

export const ConversationView = ({ conversationId, onNetworkPanel }: ConversationViewProps) => {
  const { session, chat } = useChat();
  const conversation = useReadable(session.client.conversation(conversationId));
  const { conversations } = useConversations();
  const members = conversations?.find((item) => item.conversation_id === conversationId)?.member_ids ?? [];
  const composer = useComposer(conversationId, { onSent: (sent) => chat.keepFiles(sent) });
  const isDragging = useFileDrop(composer.add);
  const [dialog, setDialog] = useState<ShownDialog>();
  const actions = useMemo<ThreadActions>(() => {
    const show = (kind: 'forward' | 'remove') => (message: Message) => setDialog({ kind, message });
    return {
      view: (message, mediaId) => setDialog({ kind: 'view', message, mediaId }),
      forward: show('forward'),
      remove: show('remove'),
    };
  }, []);

  return (
    <ThreadActionsContext value={actions}>
      <section className="conversation" aria-label="Conversation">
        <ConversationHead
          conversationId={conversationId}
          onMedia={() => setDialog({ kind: 'media', conversationId })}
          onNetworkPanel={onNetworkPanel}
        />
        <MessageList
          conversationId={conversationId}
          conversation={conversation}
          hasNames={members.length > 2}
        />
        <Composer conversationId={conversationId} composer={composer} />
        {isDragging && <div className="drop-hint">Drop files to add them</div>}
      </section>
      {dialog && <ThreadDialog dialog={dialog} messages={conversation.messages} onChange={setDialog} />}
    </ThreadActionsContext>
  );
};
