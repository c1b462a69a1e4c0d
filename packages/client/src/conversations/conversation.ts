import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { MessageInput, OutgoingMessage } from '../messages/outgoing-message.ts';
import type { Readable } from '../observable.ts';
import type { Messages } from './conversation-state.ts';
import type { ConnectionState } from './follower.ts';

/** A conversation at one moment. Each change makes a new snapshot. */
export interface ConversationSnapshot {
  /** `stored`: read from this device, and not yet compared with the server. `refused`: see `error`. */
  status: 'loading' | 'stored' | 'live' | 'refused';
  connection: ConnectionState;
  /** The newest pages of messages, sorted by seq. */
  messages: Messages;
  /** Messages that are not sent yet; show them after `messages`. */
  outgoing: readonly OutgoingMessage[];
  hasOlder: boolean;
  /** Number of the last event that this snapshot contains. */
  lastSeq: number;
  /** Transcoding progress of videos in percent, by media_object_id. */
  progress: Readonly<Record<string, number>>;
  error?: ClaimcheckError | undefined;
}

/**
 * A conversation that follows every event while it has a subscriber. It shows what this device has stored at once,
 * then catches up, then stays live.
 */
export interface ConversationHandle extends Readable<ConversationSnapshot> {
  readonly id: string;
  /** Loads the page before the oldest loaded message. */
  loadOlder(): Promise<void>;
  /** See `messages.send`. */
  send(input: MessageInput): OutgoingMessage;
}
