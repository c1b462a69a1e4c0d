import type { FeedAudience } from '../feeds/feed-member.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { EventSender } from './event-sender.ts';
import { type GatewayServer, roomOf } from './types.ts';

/** A conversation's live members as a Socket.IO room: an event is encoded once for all of them. */
export const createRoomAudience = (
  io: GatewayServer,
  events: EventSender,
  metrics: GatewayMetrics,
): FeedAudience => {
  const countDeliveries = (room: string) =>
    metrics.deliveries.inc(io.sockets.adapter.rooms.get(room)?.size ?? 0);
  return {
    event: (event) => {
      const room = roomOf(event.conversation_id);
      events.conversationEvent(io.to(room), event);
      countDeliveries(room);
    },
    progress: ({ type, ...payload }) => {
      const room = roomOf(payload.conversation_id);
      // Volatile: who is busy receiving gets the next percentage instead.
      events.send(io.to(room).volatile, type, payload);
      countDeliveries(room);
    },
    resync: (conversationId) => {
      events.send(io.to(roomOf(conversationId)), 'resync', { conversation_id: conversationId });
    },
  };
};
