import { randomUUID } from 'node:crypto';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger } from '@claimcheck/platform/process/logger';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { phonePhoto, videoFile } from '../harness/fixtures.ts';
import { runClaimcheck } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

const MAX_ATTEMPTS = 2;

let system: System;
let ann: ChatUser;
let bus: Bus;

beforeAll(async () => {
  system = await startSystem(inject('stack'), {
    MAX_ATTEMPTS: String(MAX_ATTEMPTS),
    ACK_WAIT: '2s',
    // Here the consumer abandons messages, not the sweeper.
    READY_DEADLINE: '10m',
  });
  ann = new ChatUser(system, 'ann');
  const { appName } = system;
  const logger = createLogger('drill', 'silent');
  bus = await Bus.connect({ url: system.env.NATS_URL ?? '', name: 'drill', appName, logger });
});
afterAll(async () => {
  ann?.leave();
  await bus?.close();
  await system?.stop();
});

const deliveriesOf = async (consumer: string): Promise<number> =>
  (await bus.manager.consumers.info(bus.streams.media.name, consumer)).delivered.consumer_seq;

const deadLetters = async (): Promise<{ seq: number; consumer: string; reason: string }[]> => {
  const { out } = await runClaimcheck(system.apiEnv, 'dlq', 'list', '--json');
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
};

const metric = async (line: string): Promise<true | undefined> => {
  const text = await (await fetch(`${system.adminUrls.api}/metrics`)).text();
  return text.split('\n').includes(line) ? true : undefined;
};

test('drill 29: poison and a worker that crashes on one message become dead letters; the next is processed, redrive works', async () => {
  await bus.publish(bus.subjects.optimizeRequest, '{"mediaId":"poison"}', { messageId: randomUUID() });

  const video = await ann.upload({ bytes: await videoFile(), filename: 'a.mp4', filetype: 'video/mp4' });
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    await until(async () => ((await deliveriesOf(CONSUMERS.transcode)) >= attempt ? true : undefined), {
      withinMs: 30_000,
      what: `delivery ${attempt} of the transcode`,
    });
    system.apps.worker.kill('SIGKILL');
    await system.apps.worker.exited;
    await system.apps.worker.restart();
  }
  // The consumer abandoned it before it could crash again, and informed the api.
  expect((await ann.mediaIn(video, ['degraded'], 30_000)).transcode_state).toBe('failed');

  const photo = await ann.upload({ bytes: await phonePhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
  await ann.mediaIn(photo, ['ready'], 30_000);

  const letters = await deadLetters();
  expect(letters.map(({ consumer }) => consumer).toSorted()).toEqual([CONSUMERS.media, CONSUMERS.transcode]);
  for (const consumer of [CONSUMERS.media, CONSUMERS.transcode])
    await until(() => metric(`claimcheck_dead_letters{consumer="${consumer}"} 1`), {
      withinMs: 30_000,
      what: `the metric of ${consumer}`,
    });

  const { code, out } = await runClaimcheck(
    system.apiEnv,
    'dlq',
    'redrive',
    '--consumer',
    CONSUMERS.transcode,
    '--json',
  );
  expect([code, JSON.parse(out)]).toEqual([0, { published: 0, new_epoch: 1, moot: 0 }]);
  await ann.mediaIn(video, ['ready'], 60_000);
  expect((await deadLetters()).map(({ consumer }) => consumer)).toEqual([CONSUMERS.media]);
}, 180_000);
