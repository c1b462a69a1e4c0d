import { eventFor, keyHolderOf } from '@claimcheck/contracts/event-for';
import type { ConversationEvent } from '@claimcheck/contracts/socket-events';
import type { FeedAudience } from '../feeds/feed-member.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { EventSender } from './event-sender.ts';
import { type GatewayServer, roomOf, roomOfUser } from './types.ts';

/** A conversation's live members as a Socket.IO room: an event is encoded once for all of them. */
export const createRoomAudience = (
  io: GatewayServer,
  events: EventSender,
  metrics: GatewayMetrics,
): FeedAudience => {
  const countDeliveries = (room: string) =>
    metrics.deliveries.inc(io.sockets.adapter.rooms.get(room)?.size ?? 0);
  /** Live sockets of the one user who receives more of an event than the others. */
  const socketsOfKeyHolder = (event: ConversationEvent, room: string): string[] => {
    const userId = keyHolderOf(event);
    if (userId === undefined) return [];
    const { rooms } = io.sockets.adapter;
    const live = rooms.get(room);
    return [...(rooms.get(roomOfUser(userId)) ?? [])].filter((id) => live?.has(id));
  };
  return {
    event: (event) => {
      const room = roomOf(event.conversation_id);
      const own = socketsOfKeyHolder(event, room);
      // Encoded once for all others, however many they are, and once more for the sender.
      events.conversationEvent(io.to(room).except(own), eventFor(event, undefined));
      if (own.length > 0) events.conversationEvent(io.to(own), event);
      countDeliveries(room);
    },
    progress: ({ type, ...payload }) => {
      const room = roomOf(payload.conversation_id);
      // Volatile: a client that is busy receiving gets the next percentage instead.
      events.send(io.to(room).volatile, type, payload);
      countDeliveries(room);
    },
    resync: (conversationId) => {
      events.send(io.to(roomOf(conversationId)), 'resync', { conversation_id: conversationId });
    },
  };
};
