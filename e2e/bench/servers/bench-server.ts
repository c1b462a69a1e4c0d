import type { StorageTarget } from '../measure/storage-target.ts';

export const SERVER_NAMES = ['ours', 'stock', 'bare', 'tusd'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** A server under test, in a separate process. */
export interface BenchServer {
  name: ServerName;
  pid: number;
  /** URL for creating uploads. */
  endpoint: string;
  /** Its bucket, which contains nothing else. */
  bucket: string;
  /** Returns the bucket's prefix of the upload with that URL. */
  prefixOf(uploadUrl: string): string;
  /** Bearer tokens of its users; empty if it needs none. */
  tokens: readonly string[];
  /** Checks a finished upload beyond its bytes; throws when something is wrong. */
  checkFinished?(uploadUrl: string, token: string | undefined): Promise<void>;
  /** Returns its last output, for messages. */
  logTail(): string;
  stop(): Promise<void>;
}

/** The dependencies of servers under test. */
export interface Ground {
  /** Configuration that leads to Postgres and NATS. */
  stack: Record<string, string>;
  target: StorageTarget;
  /** The tusd program, if there is one. */
  tusdProgram: string | undefined;
}

export const lastSegment = (url: string): string => new URL(url).pathname.split('/').at(-1) ?? '';
