import { expect, test } from 'vitest';
import { UploadQueue } from './upload-queue.ts';

const { signal } = new AbortController();

const enter = (queue: UploadQueue, order: string[], name: string, priority = 0, from = signal) =>
  queue.acquire(priority, from).then((release) => {
    order.push(name);
    return release;
  });

test('the queue admits as many as it may, by priority, then by age', async () => {
  const queue = new UploadQueue(1);
  const order: string[] = [];
  const first = await enter(queue, order, 'first');
  const others = [
    enter(queue, order, 'second'),
    enter(queue, order, 'third'),
    enter(queue, order, 'urgent', 5),
  ];
  first();
  (await others[2])?.();
  (await others[0])?.();
  await others[1];
  expect(order).toEqual(['first', 'urgent', 'second', 'third']);
});

test('a slot is released once, even if it is released twice', async () => {
  const queue = new UploadQueue(1);
  const order: string[] = [];
  const release = await enter(queue, order, 'first');
  release();
  release();
  await enter(queue, order, 'second');
  void enter(queue, order, 'third');
  await Promise.resolve();
  expect(order).toEqual(['first', 'second']);
});

test('a caller that leaves the queue takes no slot', async () => {
  const queue = new UploadQueue(1);
  const order: string[] = [];
  const release = await enter(queue, order, 'first');
  const leaving = new AbortController();
  const left = enter(queue, order, 'left', 9, leaving.signal);
  const next = enter(queue, order, 'next');
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: 'cancelled' });
  release();
  await next;
  expect(order).toEqual(['first', 'next']);
});
