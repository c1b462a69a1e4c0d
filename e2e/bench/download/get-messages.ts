/** One run of the clients: parallel connections, each with one GET after the other. */
export interface GetOrder {
  url: string;
  headers: Record<string, string>;
  status: number;
  connections: number;
  seconds: number;
}

export interface GetResult {
  requests: number;
  bytes: number;
  seconds: number;
  p50_ms: number;
  p99_ms: number;
}

export type GetReport = { type: 'done'; result: GetResult } | { type: 'failed'; message: string };
