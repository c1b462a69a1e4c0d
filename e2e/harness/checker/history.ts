import type { MediaState } from '@claimcheck/contracts/media';

/** An upload whose last byte was answered 2xx: from then on it is the system's to keep. */
export interface AcknowledgedUpload {
  media_object_id: string;
  owner_user_id: string;
  /** Of the bytes that the client sent. */
  sha256: string;
}

/** A message that was answered 201. */
interface AcknowledgedMessage {
  conversation_id: string;
  message_id: string;
  seq: number;
}

/** An entry of a conversation's log, or an event of a socket: they must be the same. */
export interface SeenEvent {
  seq: number;
  type: string;
  /** Message id, media object id with its rev, or user id. */
  subject: string;
  media?: { media_object_id: string; rev: number; state: MediaState };
}

/** What one client received of one conversation over all of its connections, in the order of arrival. */
export interface Feed {
  client: string;
  conversation_id: string;
  /** The first event that it is owed has the next number. */
  since_seq: number;
  events: SeenEvent[];
}

/** Something that left us on a socket, the broker or through the outbox. */
export interface Payload {
  where: 'socket' | 'broker' | 'outbox';
  what: string;
  bytes: number;
  isText: boolean;
}

/** What clients did and saw while things broke. */
export interface History {
  uploads: AcknowledgedUpload[];
  messages: AcknowledgedMessage[];
  feeds: Feed[];
  payloads: Payload[];
}
