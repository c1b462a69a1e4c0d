import type { ConversationEvent } from '@claimcheck/contracts/socket-events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CatchUpAdmission } from '../feeds/catch-up-admission.ts';
import { Subscription, type SubscriptionDependencies } from './subscription.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const LAST_SEQ = 150;

/** A client that accepts `room` events at a time, and reads on request. */
const subscribeWith = (room: number) => {
  const sent: number[] = [];
  const reads: number[] = [];
  let free = room;
  let givenUp = false;
  let wake = () => {};
  const feed = {
    opened: Promise.resolve(true),
    position: LAST_SEQ,
    join: () => LAST_SEQ,
    catchUpTo: async () => {},
    goLive: () => {},
    leave: () => {},
  };
  const deps = {
    feeds: { acquire: () => ({ feed, release: () => {} }) },
    reader: {
      isMember: async () => true,
      readLog: async (_id: string, since: number, limit: number) => {
        reads.push(since);
        const events = Array.from({ length: Math.min(limit, LAST_SEQ - since) }, (_, index) => ({
          seq: since + index + 1,
        }));
        return { pruned_seq: 0, last_seq: LAST_SEQ, events };
      },
    },
    admission: new CatchUpAdmission(),
    socket: {
      userId: 'ann',
      get isReady() {
        return free > 0;
      },
      send: ({ seq }: ConversationEvent) => {
        free -= 1;
        sent.push(seq);
      },
      ready: (withinMs: number) =>
        new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, withinMs);
        }),
      giveUp: () => {
        givenUp = true;
        subscription.end();
      },
      enter: () => {},
      exit: () => {},
    },
    onEnded: () => {},
  };
  const subscription = new Subscription('c-1', deps as unknown as SubscriptionDependencies);
  const answer = subscription.start(0);
  return {
    sent,
    reads,
    answer,
    isGivenUp: () => givenUp,
    read: () => {
      free = room;
      wake();
    },
  };
};

const ALL = Array.from({ length: LAST_SEQ }, (_, index) => index + 1);

test('after a short pause the client continues with the same page', async () => {
  const client = subscribeWith(90);
  await vi.advanceTimersByTimeAsync(900);
  client.read();
  expect(await client.answer).toEqual({ ok: true, last_seq: LAST_SEQ });
  expect(client.sent).toEqual(ALL);
  expect(client.reads).toEqual([0, 100]);
});

test('after a long pause the page is read again, from the client’s position', async () => {
  const client = subscribeWith(90);
  await vi.advanceTimersByTimeAsync(30_000);
  client.read();
  expect(await client.answer).toEqual({ ok: true, last_seq: LAST_SEQ });
  expect(client.sent).toEqual(ALL);
  // And once more at the end: events announced meanwhile were not collected.
  expect(client.reads).toEqual([0, 90, LAST_SEQ]);
});

test('a client that does not read for more than a minute is dropped', async () => {
  const client = subscribeWith(90);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(client.isGivenUp()).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(client.isGivenUp()).toBe(true);
  expect(await client.answer).toMatchObject({ error: { code: 'invalid_request' } });
});
