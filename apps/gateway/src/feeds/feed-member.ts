import type { ConversationEvent, MediaProgress } from '@claimcheck/contracts/socket-events';

/** One socket's part in a conversation's feed. */
export interface FeedMember {
  readonly userId: string;
  /** Receives released events, in order, while the member is catching up; live members hear the audience. */
  collect(event: ConversationEvent): void;
  /** Called when the feed skipped events that are gone from the log: the collected ones are incomplete. */
  skipped(): void;
  /** Called when the user is no longer a member, or the conversation is gone. The feed has removed this member. */
  removed(): void;
}

/** All live members of a conversation at once. */
export interface FeedAudience {
  event(event: ConversationEvent): void;
  progress(progress: MediaProgress): void;
  /** Called when events are gone from the log; members must load the conversation again. */
  resync(conversationId: string): void;
}
