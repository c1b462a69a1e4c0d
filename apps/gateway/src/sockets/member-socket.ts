import type { ConversationEvent } from '@claimcheck/contracts/socket-events';

/** The parts of a socket that a subscription needs. */
export interface MemberSocket {
  readonly userId: string;
  /** Writes one event to this socket alone. */
  send(event: ConversationEvent): void;
  /** Tells whether the client has read enough to get more. */
  readonly isReady: boolean;
  /** Resolves when the client has read enough to get more, has disconnected, or the time is over. */
  ready(withinMs: number): Promise<void>;
  /** Cuts off a client that does not read. */
  giveUp(): void;
  /** From now on the socket hears what all live members of the conversation hear. */
  enter(conversationId: string): void;
  exit(conversationId: string): void;
  /** The user left the conversation, or it is gone. */
  removedFrom(conversationId: string): void;
}
