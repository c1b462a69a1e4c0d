/** One run of the load generator: parallel clients, each with one upload after the other. */
export interface LoadOrder {
  endpoint: string;
  /** Bearer tokens, which the clients use in turn; empty if none is needed. */
  tokens: readonly string[];
  clients: number;
  size_bytes: number;
  /** Clients start uploads until this time; each makes at least one. */
  min_seconds: number;
  /** The run fails if it is not over by then. */
  limit_seconds: number;
  with_creation: boolean;
}

/** One of the uploads, to compare with the stored object. */
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
