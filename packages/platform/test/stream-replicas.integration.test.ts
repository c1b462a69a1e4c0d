import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { Bus } from '../src/nats/bus.ts';
import { streamFacts } from '../src/nats/stream-facts.ts';
import { createLogger } from '../src/process/logger.ts';
import './stack.ts';

const logger = createLogger('platform-test', 'silent');

let appName: string;
let opened: Bus[];

beforeEach(() => {
  appName = `platform-test-${randomBytes(4).toString('hex')}`;
  opened = [];
});
afterEach(async () => {
  const [bus] = opened;
  for (const { plan, found } of bus === undefined ? [] : await streamFacts(bus))
    if (found !== undefined) await bus?.manager.streams.delete(plan.name);
  await Promise.all(opened.map((one) => one.close()));
});

const connect = async (streamReplicas?: number): Promise<Bus> => {
  const url = inject('stack').NATS_URL ?? '';
  const bus = await Bus.connect({ url, name: appName, appName, streamReplicas, logger });
  opened.push(bus);
  return bus;
};

const replicas = async (bus: Bus) => (await streamFacts(bus)).map(({ found }) => found?.replicas);

it('a server alone keeps one replica, wished for or not, also of streams that exist', async () => {
  for (const wish of [1, undefined, 1]) {
    const bus = await connect(wish);
    await bus.ensureStreams();
    expect(await replicas(bus)).toEqual([1, 1, 1, 1]);
  }
});

it('more replicas than servers are refused, with the stream, the number and the setting', async () => {
  const bus = await connect(3);
  const refusal = `${bus.streams.media.name} cannot have 3 replicas, as NATS_STREAM_REPLICAS says`;
  await expect(bus.ensureStreams()).rejects.toThrow(refusal);
  expect(await replicas(bus)).toEqual([undefined, undefined, undefined, undefined]);
  await (await connect()).ensureStreams();
  await expect(bus.ensureStreams()).rejects.toThrow(refusal);
  expect(await replicas(bus)).toEqual([1, 1, 1, 1]);
});
