import type { ConversationEvent, ServerToClientEvents } from '@claimcheck/contracts/socket-events';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { GatewayMetrics } from '../metrics.ts';
import { type BoundedEvents, boundedPayload, type PayloadOf } from './bounded-event.ts';
import type { GatewayServer, GatewaySocket } from './types.ts';

/** One socket, or a room. */
type Target = GatewaySocket | ReturnType<GatewayServer['to']>;

/** Sends events within their limit of bytes; the types leave no other way to send one. */
export class EventSender {
  readonly #metrics: GatewayMetrics;
  readonly #logger: Logger;

  constructor(metrics: GatewayMetrics, logger: Logger) {
    this.#metrics = metrics;
    this.#logger = logger;
  }

  /** @returns false when the event is too large, and was not sent */
  send<Name extends keyof ServerToClientEvents>(
    target: Target,
    name: Name,
    payload: PayloadOf<Name>,
  ): boolean {
    const bounded = boundedPayload(name, payload);
    if (bounded === undefined) {
      this.#metrics.drop('oversize_event');
      return false;
    }
    // The compiler cannot see that name and payload belong together.
    target.emit(name, ...([bounded] as Parameters<BoundedEvents[Name]>));
    return true;
  }

  /** Splits an event into name and payload as clients know them: the type is the name, the rest the payload. */
  conversationEvent(target: Target, event: ConversationEvent): void {
    const { type, ...payload } = event;
    if (this.send(target, type, payload as PayloadOf<typeof type>)) return;
    const { conversation_id, seq } = event;
    this.#logger.error({ event: type, conversation_id, seq }, 'an event was too large to be sent');
    // Clients now miss an event; they must fetch the state instead.
    this.send(target, 'resync', { conversation_id });
  }
}
