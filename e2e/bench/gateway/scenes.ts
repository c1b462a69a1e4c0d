import type { Membership } from './servers/realtime-server.ts';

/** A population of sockets, and how much is sent to it. */
export interface Scene {
  memberships: readonly Membership[];
  /** Rooms that get an event together. */
  batch: number;
  /** Batches in flight at a time while the limit is measured. */
  window: number;
  /** Batches a second while latency is measured: the load of a busy gateway, well below its limit. */
  batches_per_second: number;
}

const usersOf = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `u${first + index}`);

/** 2,000 sockets in one room. */
export const oneRoom = (sockets: number): Scene => ({
  memberships: [{ room: 'everybody', user_ids: usersOf(0, sockets) }],
  batch: 1,
  window: 8,
  batches_per_second: 10,
});

/** 5,000 sockets over 500 rooms. */
export const manyRooms = (rooms: number, members: number): Scene => ({
  memberships: Array.from({ length: rooms }, (_, index) => ({
    room: `room-${index}`,
    user_ids: usersOf(index * members, members),
  })),
  batch: Math.min(rooms, 250),
  window: 4,
  batches_per_second: 4,
});
