import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { Bus } from '../src/nats/bus.ts';
import { JetStreamConsumer } from '../src/nats/consumer.ts';
import { createLogger } from '../src/process/logger.ts';
import './stack.ts';

const logger = createLogger('platform-test', 'silent');
const payload = z.object({ name: z.string() });
const WITHIN = { timeout: 20_000 };

let bus: Bus;
let consumer: JetStreamConsumer<z.infer<typeof payload>>;

beforeEach(async () => {
  const appName = `platform-test-${randomBytes(4).toString('hex')}`;
  bus = await Bus.connect({ url: inject('stack').NATS_URL ?? '', name: appName, appName, logger });
  await bus.ensureStreams();
});
afterEach(async () => {
  await consumer.stop();
  for (const { name } of Object.values(bus.streams)) await bus.manager.streams.delete(name);
  await bus.close();
});

it('large messages take half of the slots, however many wait; small ones pass them', async () => {
  const inWork = new Set<string>();
  const done: string[] = [];
  const finish = new Map<string, () => void>();
  consumer = new JetStreamConsumer({
    bus,
    stream: bus.streams.media.name,
    subject: bus.subjects.optimizeRequest,
    durable: 'platform-test',
    schema: payload,
    concurrency: 2,
    largeConcurrency: 1,
    ackWaitMs: 2_000,
    maxAttempts: 1,
    logger,
    handle: async ({ name }, { signal, slot }) => {
      if (name.startsWith('large')) await slot.becomeLarge(signal);
      inWork.add(name);
      await new Promise<void>((resolve, reject) => {
        finish.set(name, resolve);
        signal.addEventListener('abort', reject);
      });
      inWork.delete(name);
      done.push(name);
    },
  });
  await consumer.start();
  const names = ['large 1', 'large 2', 'large 3', 'small 1', 'small 2'];
  for (const name of names)
    await bus.publish(bus.subjects.optimizeRequest, JSON.stringify({ name }), { messageId: name });

  const settlesAs = (...wanted: string[]) =>
    expect.poll(() => [...inWork].toSorted(), WITHIN).toEqual(wanted);
  await settlesAs('large 1', 'small 1');
  finish.get('small 1')?.();
  await settlesAs('large 1', 'small 2');
  finish.get('small 2')?.();
  await settlesAs('large 1');
  finish.get('large 1')?.();
  await settlesAs('large 2');
  finish.get('large 2')?.();
  await settlesAs('large 3');
  finish.get('large 3')?.();
  // Each arrived once: the waiting ones sent signs of life.
  await expect.poll(() => done.toSorted(), WITHIN).toEqual(names);
});
