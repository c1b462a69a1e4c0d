/** One socket each. */
export interface ClientOrder {
  token: string;
  conversation_id: string;
  /** Catch up from there; without it only what comes from now on. */
  since_seq?: number;
}

export type ClientsQuestion =
  /** Connects and subscribes all of them. */
  | { type: 'connect'; port: number; clients: ClientOrder[]; at_once: number }
  /** Forgets the latencies so far. */
  | { type: 'reset' }
  | { type: 'report' };

export interface ClientsReport {
  type: 'report';
  connected: number;
  /** Events received since the process began, all sockets together. */
  received: number;
  /** Since the last reset, from the stamp in an event to its arrival. */
  latency_ms: { p50: number; p99: number };
  /** Of the last `connect`: from the first byte to the answer of `subscribe`. */
  ready_ms: { p50: number; p95: number; max: number };
}

/** Unasked, every few milliseconds while events arrive. */
interface ClientsProgress {
  type: 'progress';
  received: number;
}

export type ClientsAnswer = ClientsReport | ClientsProgress | { type: 'failed'; message: string };
