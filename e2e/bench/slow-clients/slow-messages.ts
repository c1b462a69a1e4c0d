/** Makes uploads and sends each a little at a time, for ever. */
export interface SlowOrder {
  type: 'connect';
  endpoint: string;
  tokens: readonly string[];
  clients: number;
  declared_bytes: number;
  /** Sent once a second by each client. */
  bytes_per_second: number;
  /** No client starts after that; the connected ones stay. */
  limit_seconds: number;
}

export type SlowQuestion = SlowOrder | { type: 'count' };

/** How many connections are open; in the end none may have been lost. */
export type SlowReport = { type: 'connected'; clients: number } | { type: 'failed'; message: string };
