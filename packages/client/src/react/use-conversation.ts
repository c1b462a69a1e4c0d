import { useCallback } from 'react';
import type { ConversationSnapshot } from '../conversations/conversation.ts';
import type { MessageInput, OutgoingMessage, OutgoingSnapshot } from '../messages/outgoing-message.ts';
import { useClient } from './claimcheck-provider.tsx';
import { useReadable } from './use-readable.ts';

export interface UsedConversation extends ConversationSnapshot {
  send: (input: MessageInput) => OutgoingMessage;
  loadOlder: () => Promise<void>;
}

/** Returns a conversation that stays live while a component uses it. */
export const useConversation = (id: string): UsedConversation => {
  const client = useClient();
  const conversation = client.conversation(id);
  const send = useCallback((input: MessageInput) => conversation.send(input), [conversation]);
  const loadOlder = useCallback(() => conversation.loadOlder(), [conversation]);
  return { ...useReadable(conversation), send, loadOlder };
};

/** Returns the state of one unsent message. */
export const useOutgoing = (message: OutgoingMessage): OutgoingSnapshot => useReadable(message);
