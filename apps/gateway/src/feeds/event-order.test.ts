import type { ConversationEvent } from '@claimcheck/contracts/socket-events';
import { describe, expect, test } from 'vitest';
import { EventOrder } from './event-order.ts';

const eventOf = (seq: number): ConversationEvent => ({
  conversation_id: 'c',
  seq,
  type: 'member.added',
  user_id: 'ann',
});

const seqs = (events: ConversationEvent[]) => events.map((event) => event.seq);

// mulberry32: a run can be repeated from its printed seed.
const randomFrom = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
};

describe('EventOrder', () => {
  test('releases what follows, ignores what was', () => {
    const order = new EventOrder(4);
    expect(seqs(order.take(eventOf(5)))).toEqual([5]);
    expect(seqs(order.take(eventOf(5)))).toEqual([]);
    expect(seqs(order.take(eventOf(1)))).toEqual([]);
    expect(order.position).toBe(5);
    expect(order.hasGap).toBe(false);
  });

  test('holds what is early until the gap is closed', () => {
    const order = new EventOrder(0);
    expect(seqs(order.take(eventOf(3)))).toEqual([]);
    expect(seqs(order.take(eventOf(2)))).toEqual([]);
    expect(order.hasGap).toBe(true);
    expect(seqs(order.take(eventOf(1)))).toEqual([1, 2, 3]);
    expect(order.hasGap).toBe(false);
  });

  test('drops what it cannot hold and stays in order', () => {
    const order = new EventOrder(0);
    for (let seq = 2; seq <= 1_000; seq += 1) expect(order.take(eventOf(seq))).toEqual([]);
    const released = seqs(order.take(eventOf(1)));
    expect(released).toEqual(Array.from({ length: released.length }, (_, index) => index + 1));
    expect(released.length).toBeLessThan(1_000);
    expect(seqs(order.take(eventOf(released.length + 1)))).toEqual([released.length + 1]);
  });

  test('a restart moves the position and drops what was held', () => {
    const order = new EventOrder(0);
    order.take(eventOf(3));
    order.restart(7);
    expect(order.hasGap).toBe(false);
    expect(order.take(eventOf(3))).toEqual([]);
    expect(seqs(order.take(eventOf(8)))).toEqual([8]);
  });

  test('any shuffle with repetitions and losses, read again from the log, comes out once and in order', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.info(`event order seed ${seed}`);
    const random = randomFrom(seed);
    for (let round = 0; round < 50; round += 1) {
      const count = 1 + Math.floor(random() * 300);
      const arrivals: { at: number; seq: number }[] = [];
      for (let seq = 1; seq <= count; seq += 1) {
        const copies = Math.floor(random() * 3);
        for (let copy = 0; copy < copies; copy += 1) arrivals.push({ at: seq + random() * 40, seq });
      }
      arrivals.sort((a, b) => a.at - b.at);
      const order = new EventOrder(0);
      const released: number[] = [];
      for (const { seq } of arrivals) {
        released.push(...seqs(order.take(eventOf(seq))));
        // Now and then a fill continues from the position, as a feed does.
        if (random() < 0.05) released.push(...seqs(order.take(eventOf(order.position + 1))));
      }
      while (order.position < count) released.push(...seqs(order.take(eventOf(order.position + 1))));
      const upTo = Array.from({ length: order.position }, (_, index) => index + 1);
      expect(released, `seed ${seed}, round ${round}`).toEqual(upTo);
    }
  });
});
