import type { FeedAudience } from '../feeds/feed-member.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { emitEvent } from './emit-event.ts';
import { type GatewayServer, roomOf } from './types.ts';

/** A conversation's live members as a Socket.IO room: an event is encoded once for all of them. */
export const createRoomAudience = (io: GatewayServer, metrics: GatewayMetrics): FeedAudience => {
  const countDeliveries = (room: string) =>
    metrics.deliveries.inc(io.sockets.adapter.rooms.get(room)?.size ?? 0);
  return {
    event: (event) => {
      const room = roomOf(event.conversation_id);
      emitEvent(io.to(room), event);
      countDeliveries(room);
    },
    progress: ({ type, ...payload }) => {
      const room = roomOf(payload.conversation_id);
      // Volatile: who is busy receiving gets the next percentage instead.
      io.to(room).volatile.emit(type, payload);
      countDeliveries(room);
    },
    resync: (conversationId) => {
      io.to(roomOf(conversationId)).emit('resync', { conversation_id: conversationId });
    },
  };
};
