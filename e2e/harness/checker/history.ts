import type { MediaState } from '@claimcheck/contracts/media';

/** An upload whose last byte was answered 2xx: from then on the system must keep it. */
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

/** An entry of a conversation's log, or an event of a socket: they must be equal. */
export interface SeenEvent {
  seq: number;
  type: string;
  /** Message id, media object id with its rev, or user id. */
  subject: string;
  media?: { media_object_id: string; rev: number; state: MediaState };
}

/** The events that one client received from one conversation over all of its connections, in order of arrival. */
export interface Feed {
  client: string;
  conversation_id: string;
  /** The first event that it must receive has the next number. */
  since_seq: number;
  events: SeenEvent[];
}

/** A payload that we sent on a socket, on the broker or through the outbox. */
export interface Payload {
  where: 'socket' | 'broker' | 'outbox';
  what: string;
  bytes: number;
  isText: boolean;
}

/** The clients' actions and observations while faults occurred. */
export interface History {
  uploads: AcknowledgedUpload[];
  messages: AcknowledgedMessage[];
  feeds: Feed[];
  payloads: Payload[];
}
