import type { MediaState } from '@claimcheck/contracts/media';
import type { Payload, SeenEvent } from './history.ts';

export interface MediaAfter {
  media_object_id: string;
  state: MediaState;
  epoch: number;
}

/** Something that must happen once: `what` is its kind, `key` says which one. */
export interface Effect {
  what: 'request' | 'revision in a log' | 'message on the broker';
  key: string;
}

export interface TombstoneAfter {
  media_object_id: string;
  /** What each URL answered its owner. */
  answers: { quality: string; status: number }[];
  /** What is left under its prefix. */
  keys: string[];
}

/** What processes hold, and servers on their behalf: `<whose> <what>` → how much; bytes where it says so. */
export type Resources = Record<string, number>;

/** What is there when everything has healed and had time to settle: the truth that a history is held against. */
export interface Aftermath {
  media: MediaAfter[];
  /** media_object_id → SHA-256 of the source in the storage; missing when there is none. */
  sources: Map<string, string>;
  /** conversation_id → its log and its counter. */
  logs: Map<string, { last_seq: number; events: SeenEvent[] }>;
  effects: Effect[];
  tombstones: TombstoneAfter[];
  payloads: Payload[];
  /** Undefined where processes were replaced in between, so that there is nothing to compare. */
  resources?: { before: Resources; after: Resources } | undefined;
}
