import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { ConversationEvent, MediaProgress } from '../wire/conversation.ts';

/** `refused`: the gateway or the host's login turned this client away; it tries again, less and less often. */
export type ConnectionState = 'connecting' | 'connected' | 'disconnected' | 'refused';

export interface FollowHandlers {
  /** Receives each event of the followed conversations once, in order. */
  onEvent(event: ConversationEvent): void;
  /** Receives events instead of `onEvent`: missed events as one batch, live events one by one. */
  onEvents?(events: readonly ConversationEvent[]): void;
  /** Too much was missed: load the conversation again, then `follow` it from its new last seq. */
  onResync(conversationId: string): void;
  /** The conversation is not followed (any longer): the user is not a member, or it does not exist. */
  onRefused(conversationId: string, error: ClaimcheckError): void;
  onConversationAdded(conversationId: string): void;
  onConversationRemoved(conversationId: string): void;
  /** `error` says why the state is `refused`. */
  onConnectionState(state: ConnectionState, error?: ClaimcheckError): void;
  /** Volatile: may be lost, carries no seq. */
  onProgress?(progress: MediaProgress): void;
  /** Everything that was missed has been delivered. */
  onCaughtUp?(conversationId: string): void;
}

export interface Follower {
  /** Delivers every event after `sinceSeq`. Replaces an earlier call for the same conversation. */
  follow(conversationId: string, sinceSeq: number): void;
  unfollow(conversationId: string): void;
  close(): void;
}
