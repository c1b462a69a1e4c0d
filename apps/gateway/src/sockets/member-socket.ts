import type { ConversationEvent } from '@claimcheck/contracts/socket-events';

/** The parts of a socket that a subscription needs. */
export interface MemberSocket {
  readonly userId: string;
  /** Writes one event to this socket only. */
  send(event: ConversationEvent): void;
  /** Returns whether the client has read enough to receive more. */
  readonly isReady: boolean;
  /** Resolves when the client has read enough to receive more, has disconnected, or the time is over. */
  ready(withinMs: number): Promise<void>;
  /** Disconnects a client that does not read. */
  giveUp(): void;
  /** From now on the socket receives everything that live members of the conversation receive. */
  enter(conversationId: string): void;
  exit(conversationId: string): void;
  /** Called when the user left the conversation, or it is gone. */
  removedFrom(conversationId: string): void;
}
