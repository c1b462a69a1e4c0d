import type { ConversationEvent, MediaProgress } from '@claimcheck/contracts/socket-events';

/** One socket's part in a conversation's feed. */
export interface FeedMember {
  readonly userId: string;
  /** A released event, in order, while the member is still catching up; live members hear the audience. */
  collect(event: ConversationEvent): void;
  /** The feed left events out that are gone from the log; what was collected is not complete. */
  skipped(): void;
  /** The user is no longer a member, or the conversation is gone. The feed has let go of this member. */
  removed(): void;
}

/** All live members of a conversation at once. */
export interface FeedAudience {
  event(event: ConversationEvent): void;
  progress(progress: MediaProgress): void;
  /** Events are gone from the log; members must load the conversation again. */
  resync(conversationId: string): void;
}
