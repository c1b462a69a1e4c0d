/** Creates uploads, and sends each a little at a time, without end. */
export interface SlowOrder {
  type: 'connect';
  endpoint: string;
  tokens: readonly string[];
  clients: number;
  declared_bytes: number;
  /** Sent once a second by each client. */
  bytes_per_second: number;
  /** No client starts after this; the connected ones stay. */
  limit_seconds: number;
}

export type SlowQuestion = SlowOrder | { type: 'count' };

/** The number of open connections, none of which may be lost until the end. */
export type SlowReport = { type: 'connected'; clients: number } | { type: 'failed'; message: string };
