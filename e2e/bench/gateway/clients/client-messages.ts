/** One socket each. */
export interface ClientOrder {
  token: string;
  conversation_id: string;
  /** Seq from which to catch up; without it only future events are sent. */
  since_seq?: number;
}

export type ClientsQuestion =
  /** Connects and subscribes all of them. */
  | { type: 'connect'; port: number; clients: ClientOrder[]; at_once: number }
  /** Resets the latencies. */
  | { type: 'reset' }
  | { type: 'report' };

export interface ClientsReport {
  type: 'report';
  connected: number;
  /** Events received since the process started, over all sockets. */
  received: number;
  /** Latency since the last reset, from the stamp in an event to its arrival. */
  latency_ms: { p50: number; p99: number };
  /** Latency of the last `connect`: from the first byte to the answer of `subscribe`. */
  ready_ms: { p50: number; p95: number; max: number };
}

/** Sent every few milliseconds while events arrive. */
interface ClientsProgress {
  type: 'progress';
  received: number;
}

export type ClientsAnswer = ClientsReport | ClientsProgress | { type: 'failed'; message: string };
