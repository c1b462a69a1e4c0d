import type { ClaimcheckClient } from '../claimcheck-client.ts';
import { type ConversationListSnapshot, LiveList } from '../conversations/live-list.ts';
import { useClient } from './claimcheck-provider.tsx';
import { useReadable } from './use-readable.ts';

export interface UsedConversations extends ConversationListSnapshot {
  /** Loads the list again at once; it follows changes by itself. */
  reload: () => Promise<void>;
  markRead: (conversationId: string) => void;
}

/** Components share the list of their client. */
const lists = new WeakMap<
  ClaimcheckClient,
  { list: LiveList; actions: Pick<UsedConversations, 'reload' | 'markRead'> }
>();

const listOf = (client: ClaimcheckClient) => {
  const known = lists.get(client);
  if (known !== undefined) return known;
  const list = new LiveList(client);
  const actions = { reload: () => list.reload(), markRead: (id: string) => list.markRead(id) };
  const made = { list, actions };
  lists.set(client, made);
  return made;
};

/**
 * Returns the user's conversations, latest activity first, each with its last message and the number of unread ones. Live
 * while a component uses it. Needs the client's `gatewayUrl`.
 */
export const useConversations = (): UsedConversations => {
  const { list, actions } = listOf(useClient());
  return { ...useReadable(list), ...actions };
};
