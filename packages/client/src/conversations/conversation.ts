import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { MessageInput, OutgoingMessage } from '../messages/outgoing-message.ts';
import type { Readable } from '../observable.ts';
import type { Messages } from './conversation-state.ts';
import type { ConnectionState } from './follow.ts';

/** A conversation at one moment; a new one after each change. */
export interface ConversationSnapshot {
  /** `stored`: from this device, not compared with the server yet. `refused`: see `error`. */
  status: 'loading' | 'stored' | 'live' | 'refused';
  connection: ConnectionState;
  /** Sorted by seq; the newest pages of them. */
  messages: Messages;
  /** Not sent yet, to be shown behind the messages. */
  outgoing: readonly OutgoingMessage[];
  hasOlder: boolean;
  /** Number of the last event that is in here. */
  lastSeq: number;
  /** Percent of videos that are being transcoded, by media_object_id. */
  progress: Readonly<Record<string, number>>;
  error?: ClaimcheckError | undefined;
}

/**
 * A conversation with all that happens in it, as long as a listener is subscribed: shown from this device at once,
 * then caught up with, then live.
 */
export interface ConversationHandle extends Readable<ConversationSnapshot> {
  readonly id: string;
  /** Loads the page before the oldest message that is here. */
  loadOlder(): Promise<void>;
  /** See `messages.send`. */
  send(input: MessageInput): OutgoingMessage;
}
