import { randomBytes, randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { exampleMedia } from '@claimcheck/contracts/openapi/examples';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import { type DeadLetter, DeadLetters } from '@claimcheck/platform/nats/dead-letters';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest';
import { createWebhookConsumer, WEBHOOK_ATTEMPTS } from '../src/background/webhooks.ts';
import { readApiConfig } from '../src/config.ts';
import { checkWebhook } from '../src/doctor/check-webhook.ts';
import { WebhookSender, type WebhookStatus } from '../src/webhook/webhook-sender.ts';
import { createTestBus, logger, type TestBus } from './harness/test-bus.ts';

interface Received {
  id: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const WITHIN = { timeout: 20_000 };
let broker: TestBus;
let server: http.Server;
let url: string;
let received: Received[] = [];
/** When each of them came; ms. */
let times: number[] = [];
/** Statuses of the host's next answers; 204 when the list is empty. */
let answers: number[] = [];
let statuses: WebhookStatus[] = [];
const started: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  broker = await createTestBus(inject('stack').NATS_URL ?? '');
  server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { headers } = request;
    times.push(performance.now());
    received.push({ id: String(headers['webhook-id']), headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(answers.shift() ?? 204, { location: `${url}elsewhere` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((consumer) => consumer.stop()));
  received = [];
  times = [];
  answers = [];
  statuses = [];
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await broker?.close();
});

const start = async (maxAttempts = WEBHOOK_ATTEMPTS): Promise<void> => {
  const consumer = createWebhookConsumer({
    bus: broker.bus,
    sender: new WebhookSender({ url, secret }, (status) => statuses.push(status)),
    maxAttempts,
    logger,
    onDelivery: () => {},
  });
  await consumer.start();
  started.push(consumer);
};

const publish = (payload: object): Promise<unknown> =>
  broker.bus.publish(broker.bus.subjects.mediaUpdated, JSON.stringify(payload), {
    messageId: randomUUID(),
    headers: {},
  });

const mediaOf = (rev: number) => ({ ...exampleMedia, media_object_id: randomUUID(), rev });

test('the host gets every change, signed as Standard Webhooks describes', async () => {
  await start();
  const media = mediaOf(3);
  await publish({ media });
  await vi.waitFor(() => expect(received).toHaveLength(1), WITHIN);
  const [{ id, headers, body } = { id: '', headers: {}, body: '' }] = received;
  expect(id).toBe(`${media.media_object_id}.3`);
  const event = new Webhook(secret).verify(body, headers as Record<string, string>);
  expect(event).toEqual({ type: 'media.updated', data: { media } });
  const other = new Webhook(`whsec_${randomBytes(32).toString('base64')}`);
  expect(() => other.verify(body, headers as Record<string, string>)).toThrow('signature');
});

test('an event that the host refuses comes again under the same id, and no redirect is followed', async () => {
  answers = [500, 302, 200];
  await start();
  const media = mediaOf(1);
  await publish({ media });
  await vi.waitFor(() => expect(received).toHaveLength(3), WITHIN);
  expect(received.map(({ id }) => id)).toEqual(Array(3).fill(`${media.media_object_id}.1`));
  await vi.waitFor(() => expect(statuses).toEqual(['5xx', '3xx', '2xx']), WITHIN);
  for (const { body, headers } of received)
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toBeDefined();
});

test('events that waited while no process ran arrive with the next one', async () => {
  await start();
  await Promise.all(started.splice(0).map((consumer) => consumer.stop()));
  const media = mediaOf(7);
  await publish({ media });
  await start();
  await vi.waitFor(
    () => expect(received.map(({ id }) => id)).toEqual([`${media.media_object_id}.7`]),
    WITHIN,
  );
});

test('a message that is no event becomes a separate dead letter, and the next one is sent', async () => {
  await start();
  await publish({ media: { rev: 'none' } });
  const media = mediaOf(2);
  await publish({ media });
  await vi.waitFor(
    () => expect(received.map(({ id }) => id)).toEqual([`${media.media_object_id}.2`]),
    WITHIN,
  );
  const found: string[] = [];
  await vi.waitFor(async () => {
    for await (const { consumer } of new DeadLetters(broker.bus).list()) found.push(consumer);
    expect(found).toContain(CONSUMERS.webhooks);
  }, WITHIN);
});

test('an event that the host always refuses comes after 1 s and 5 s, and is a dead letter after its last attempt', async () => {
  answers = [500, 500, 500];
  await start(3);
  const media = mediaOf(4);
  await publish({ media });
  const letters = new DeadLetters(broker.bus);
  const ofThis = async () => {
    const found: DeadLetter[] = [];
    for await (const letter of letters.list(CONSUMERS.webhooks))
      if (Buffer.from(letter.payload).includes(media.media_object_id)) found.push(letter);
    return found;
  };
  await vi.waitFor(async () => expect(await ofThis()).toHaveLength(1), WITHIN);
  expect(received.map(({ id }) => id)).toEqual(Array(3).fill(`${media.media_object_id}.4`));
  const [first = 0, second = 0, third = 0] = times;
  // The broker counts from the answer, in its own clock.
  expect(second - first).toBeGreaterThan(900);
  expect(third - second).toBeGreaterThan(4_900);
  expect(await ofThis()).toMatchObject([
    {
      attempts: 3,
      reason: 'delivered 3 times without success: the webhook answered 500',
      origin: broker.bus.subjects.mediaUpdated,
    },
  ]);

  // The next event is not held up.
  const next = mediaOf(5);
  await publish({ media: next });
  await vi.waitFor(() => expect(received.at(-1)?.id).toBe(`${next.media_object_id}.5`), WITHIN);
});

const env = () => ({
  ...inject('stack'),
  APP_NAME: 'test',
  AUTH_JWT_SECRET: 'x'.repeat(32),
  WEBHOOK_URL: url,
  WEBHOOK_SECRET: secret,
});

test('the doctor sends a signed ping, and reports failures', async () => {
  expect(await checkWebhook(readApiConfig(env()), broker.bus)).toMatchObject({ verdict: 'ok' });
  const [{ headers, body } = { headers: {}, body: '' }] = received;
  expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({ type: 'ping' });
  answers = [401];
  expect(await checkWebhook(readApiConfig(env()), broker.bus)).toMatchObject({
    verdict: 'failed',
    detail: expect.stringContaining('answered 401'),
    fix: expect.stringContaining('WEBHOOK_SECRET'),
  });
  const nowhere = readApiConfig({ ...env(), WEBHOOK_URL: 'http://127.0.0.1:9/' });
  expect(await checkWebhook(nowhere, broker.bus)).toMatchObject({ verdict: 'failed' });
  const { WEBHOOK_URL: _, WEBHOOK_SECRET: __, ...without } = env();
  expect(await checkWebhook(readApiConfig(without), broker.bus)).toMatchObject({ verdict: 'skipped' });
});

test.each([
  [{ WEBHOOK_SECRET: 'short' }, 'WEBHOOK_SECRET'],
  [{ WEBHOOK_SECRET: undefined }, 'WEBHOOK_SECRET'],
  [{ FACTS: 'off' }, 'WEBHOOK_URL'],
])('a configuration that cannot work is refused by its name: %o', (changed, name) => {
  expect(() => readApiConfig({ ...env(), ...changed })).toThrow(name);
});
