/** What one run of the load generator does: clients side by side, each with one upload after the other. */
export interface LoadOrder {
  endpoint: string;
  /** Bearer tokens, taken by the clients in turn; empty where none is wanted. */
  tokens: readonly string[];
  clients: number;
  size_bytes: number;
  /** Clients start uploads until then; each makes at least one. */
  min_seconds: number;
  /** The run fails when it isn't over by then. */
  limit_seconds: number;
  with_creation: boolean;
}

/** One of the uploads, to be compared with what is stored. */
export interface SampleUpload {
  url: string;
  token: string | undefined;
  size_bytes: number;
  sha256: string;
}

export interface LoadResult {
  /** From the first request to the last answer. */
  seconds: number;
  uploads: number;
  sample: SampleUpload;
}

export type LoadReport = { type: 'done'; result: LoadResult } | { type: 'failed'; message: string };
