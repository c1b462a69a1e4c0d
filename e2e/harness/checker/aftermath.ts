import type { MediaState } from '@claimcheck/contracts/media';
import type { Payload, SeenEvent } from './history.ts';

export interface MediaAfter {
  media_object_id: string;
  state: MediaState;
  epoch: number;
}

/** An effect that must occur once: `what` is its kind, `key` identifies it. */
export interface Effect {
  what: 'request' | 'revision in a log' | 'message on the broker';
  key: string;
}

export interface TombstoneAfter {
  media_object_id: string;
  /** Status of each URL for its owner. */
  answers: { quality: string; status: number }[];
  /** Keys that the bucket still has under the media object's prefix. */
  keys: string[];
}

/** Resources of processes, and of servers on their behalf: `<owner> <resource>` → amount, in bytes where stated. */
export type Resources = Record<string, number>;

/** The state when everything has healed and settled: the truth to compare a history with. */
export interface Aftermath {
  media: MediaAfter[];
  /** SHA-256 of the stored source by media_object_id; absent when there is none. */
  sources: Map<string, string>;
  /** The events and `last_seq` of each conversation, by conversation_id. */
  logs: Map<string, { last_seq: number; events: SeenEvent[] }>;
  effects: Effect[];
  tombstones: TombstoneAfter[];
  payloads: Payload[];
  /** Undefined if processes were replaced in between, so that a comparison is impossible. */
  resources?: { before: Resources; after: Resources } | undefined;
}
