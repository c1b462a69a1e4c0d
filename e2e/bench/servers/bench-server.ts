import type { StorageTarget } from '../measure/storage-target.ts';

export const SERVER_NAMES = ['ours', 'stock', 'bare', 'tusd'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** A server under test: one process of its own. */
export interface BenchServer {
  name: ServerName;
  pid: number;
  /** Where uploads are created. */
  endpoint: string;
  /** Its bucket, which holds nothing else. */
  bucket: string;
  /** The prefix in the bucket of the upload with that URL. */
  prefixOf(uploadUrl: string): string;
  /** Bearer tokens of its users; empty where it wants none. */
  tokens: readonly string[];
  /** What a finished upload must look like besides its bytes; throws when it doesn't. */
  checkFinished?(uploadUrl: string, token: string | undefined): Promise<void>;
  /** What it printed last, for messages. */
  logTail(): string;
  stop(): Promise<void>;
}

/** What servers are started on. */
export interface Ground {
  /** Configuration that leads to Postgres and NATS. */
  stack: Record<string, string>;
  target: StorageTarget;
  /** The tusd program, where there is one. */
  tusdProgram: string | undefined;
}

export const lastSegment = (url: string): string => new URL(url).pathname.split('/').at(-1) ?? '';
