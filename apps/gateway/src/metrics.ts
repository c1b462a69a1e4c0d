import { TOKEN_REFUSALS } from '@claimcheck/platform/auth/token-error';
import { Counter, createRegistry, Gauge, type Registry } from '@claimcheck/platform/process/metrics';

/** Reasons why an event, a socket or a packet was dropped. */
const DROP_REASONS = [
  'slow_reader',
  'oversize_frame',
  'oversize_event',
  'malformed_announcement',
  'rate_limited',
  'too_many_connections',
] as const;
type DropReason = (typeof DROP_REASONS)[number];

const REFUSAL_REASONS = [...TOKEN_REFUSALS, 'foreign_origin', 'not_found'] as const;
type RefusalReason = (typeof REFUSAL_REASONS)[number];

export interface GatewayMetrics {
  registry: Registry;
  connections: Gauge;
  /** Conversations with a local subscriber. */
  feeds: Gauge;
  /** @param waiting returns how many subscriptions wait for their turn to catch up */
  watchCatchUps(waiting: () => number): void;
  /** Catch-ups that received a page of the log from another one's read. */
  sharedPages: Counter;
  /** Connections asked to move because this gateway shuts down. */
  moved: Counter;
  /** Events times sockets. */
  deliveries: Counter;
  dropped: Counter<'reason'>;
  binaryFrames: Counter;
  authorizationFailures: Counter<'surface' | 'reason'>;
  drop(reason: DropReason): void;
  refuse(reason: RefusalReason): void;
}

/** Creates all metrics of the gateway. Every series starts at 0, so that a first failure is an increase. */
export const createGatewayMetrics = (): GatewayMetrics => {
  const registry = createRegistry();
  const registers = [registry];
  const connections = new Gauge({
    name: 'claimcheck_gateway_connections',
    help: 'Authenticated sockets.',
    registers,
  });
  const feeds = new Gauge({
    name: 'claimcheck_gateway_feeds',
    help: 'Conversations with a subscriber on this gateway: one broker subscription each.',
    registers,
  });
  const sharedPages = new Counter({
    name: 'claimcheck_gateway_shared_pages_total',
    help: 'Pages of the log that were answered together with an equal question.',
    registers,
  });
  const moved = new Counter({
    name: 'claimcheck_gateway_moved_connections_total',
    help: 'Connections asked to move to another gateway during a shutdown.',
    registers,
  });
  const deliveries = new Counter({
    name: 'claimcheck_gateway_deliveries_total',
    help: 'Events written to sockets: one event for ten sockets counts ten.',
    registers,
  });
  const dropped = new Counter({
    name: 'claimcheck_gateway_dropped_total',
    help: 'Sockets, frames and events dropped, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const binaryFrames = new Counter({
    name: 'claimcheck_gateway_binary_frames_total',
    help: 'Binary frames from clients; each one ended its connection.',
    registers,
  });
  const authorizationFailures = new Counter({
    name: 'claimcheck_authorization_failures_total',
    help: 'Refused connections and subscriptions, by surface and reason.',
    labelNames: ['surface', 'reason'],
    registers,
  });
  for (const reason of DROP_REASONS) dropped.inc({ reason }, 0);
  for (const reason of REFUSAL_REASONS) authorizationFailures.inc({ surface: 'gateway', reason }, 0);
  return {
    registry,
    connections,
    feeds,
    sharedPages,
    moved,
    deliveries,
    dropped,
    binaryFrames,
    authorizationFailures,
    watchCatchUps: (waiting) => {
      new Gauge({
        name: 'claimcheck_gateway_catch_ups_waiting',
        help: 'Subscriptions that wait for their turn to catch up.',
        registers,
        collect() {
          this.set(waiting());
        },
      });
    },
    drop: (reason) => dropped.inc({ reason }),
    refuse: (reason) => authorizationFailures.inc({ surface: 'gateway', reason }),
  };
};
