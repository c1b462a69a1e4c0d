import type {
  ConversationEvent,
  ConversationEventType,
  ServerToClientEvents,
} from '@claimcheck/contracts/socket-events';
import type { GatewayServer, GatewaySocket } from './types.ts';

type Target = GatewaySocket | ReturnType<GatewayServer['to']>;

/** Name and payload as clients know them: the type is the name, everything else the payload. */
export const emitEvent = (target: Target, event: ConversationEvent): void => {
  const { type, ...payload } = event;
  // The compiler loses sight of the fact that name and payload came out of one event.
  const args = [payload] as Parameters<ServerToClientEvents[ConversationEventType]>;
  target.emit(type, ...args);
};
