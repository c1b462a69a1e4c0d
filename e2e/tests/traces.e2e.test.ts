import { randomBytes } from 'node:crypto';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../harness/otlp-receiver.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

interface Trace {
  traceId: string;
  spanId: string;
  traceparent: string;
}

const newTrace = (): Trace => {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
};

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Uploads a photo in one request that belongs to a trace. @returns the media_object_id */
const uploadIn = async (user: ChatUser, { traceparent }: Trace): Promise<string> => {
  const bytes = await smallPhoto();
  const response = await user.fetch('/v1/uploads', {
    method: 'POST',
    headers: {
      traceparent,
      'tus-resumable': '1.0.0',
      'upload-length': String(bytes.length),
      'upload-metadata': `filename ${base64('a.jpg')},filetype ${base64('image/jpeg')}`,
      'content-type': 'application/offset+octet-stream',
    },
    body: new Uint8Array(bytes),
  });
  expect(response.status).toBe(201);
  return response.headers.get('location')?.split('/').at(-1) ?? '';
};

/** Names of the spans from this one up to the one that has no parent among them. */
const pathOf = (span: ReceivedSpan, spans: readonly ReceivedSpan[]): string[] => {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent === undefined ? [span.name] : [span.name, ...pathOf(parent, spans)];
};

const rootOf = (span: ReceivedSpan, spans: readonly ReceivedSpan[]): ReceivedSpan => {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent === undefined ? span : rootOf(parent, spans);
};

describe('with an OTLP receiver', () => {
  let receiver: OtlpReceiver;
  let system: System;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    system = await startSystem(inject('stack'), {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=chat%20one',
    });
  });
  afterAll(async () => {
    await system?.stop();
    await receiver?.close();
  });

  test('one trace goes from the upload through outbox, broker, worker and back to the sockets', async () => {
    const ann = new ChatUser(system, 'ann');
    const ben = new ChatUser(system, 'ben');
    const conversation = await ann.startConversation('ben');
    await ben.follow(conversation);
    // So that the conversation refers to it before any event of it.
    await system.apps.worker.stop();
    const trace = newTrace();
    const media_object_id = await uploadIn(ann, trace);
    const sent = await ann.send(conversation, {
      client_message_id: 'one',
      message_type: 'image',
      media_object_id,
    });
    expect(sent.status).toBe(201);
    await system.restart('worker');
    await ben.event('media.updated', ({ media }) => media.state === 'ready', 30_000);
    ben.leave();

    const ours = () => receiver.spans.filter(({ traceId }) => traceId === trace.traceId);
    const longest = [
      'deliver to sockets',
      'process api-results',
      'step respond',
      'process media-worker',
      'publish outbox message',
      'HTTP POST',
    ];
    const delivered = await until(
      () => ours().find((span) => pathOf(span, ours()).join() === longest.join()),
      { withinMs: 20_000, what: `a trace ${longest.join(' < ')}, of ${JSON.stringify(receiver.spans)}` },
    );
    expect(delivered.service).toBe(`${system.appName}-gateway`);
    expect(rootOf(delivered, ours())).toMatchObject({
      service: `${system.appName}-api`,
      parentSpanId: trace.spanId,
    });
    const steps = ours().filter(({ service }) => service === `${system.appName}-worker`);
    expect(steps.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['step fetch', 'step preview', 'step scan']),
    );
    expect(receiver.headers.every((headers) => headers['x-tenant'] === 'chat one')).toBe(true);
  });

  test('a request without a traceparent, or with nonsense, starts a separate trace', async () => {
    const before = receiver.spans.length;
    expect(
      (await fetch(`${system.apiUrl}/config.json`, { headers: { traceparent: '00-x-y-01' } })).status,
    ).toBe(200);
    const span = await until(() => receiver.spans.slice(before).find(({ name }) => name === 'HTTP GET'), {
      withinMs: 20_000,
      what: 'a span HTTP GET',
    });
    expect(span.parentSpanId ?? '').toBe('');
    expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  test('a process that ends sends what it has', async () => {
    const trace = newTrace();
    await fetch(`${system.apiUrl}/config.json`, { headers: { traceparent: trace.traceparent } });
    await system.restart('api');
    expect(receiver.spans.find(({ traceId }) => traceId === trace.traceId)?.name).toBe('HTTP GET');
  });
});

test('without a receiver nothing is recorded, and the trace of the caller is passed on', async () => {
  const system = await startSystem(inject('stack'));
  const connection = await connect({ servers: system.env.NATS_URL });
  try {
    const heard = new Map<string, string[]>();
    connection.subscribe(`${system.appName}.>`, {
      callback: (_error, message) => {
        const header = message.headers?.get('traceparent') ?? '';
        heard.set(message.subject, [...(heard.get(message.subject) ?? []), header]);
      },
    });
    await connection.flush();
    const ann = new ChatUser(system, 'ann');
    const trace = newTrace();
    const id = await uploadIn(ann, trace);
    await ann.mediaIn(id, ['ready']);
    for (const name of [
      'media.uploaded',
      'media.optimize.request',
      'media.optimize.response',
      'media.updated',
    ])
      await until(
        () =>
          heard.get(`${system.appName}.${name}`)?.every((header) => header === trace.traceparent)
            ? true
            : undefined,
        { withinMs: 5_000, what: `${name} with ${trace.traceparent}, heard ${JSON.stringify([...heard])}` },
      );
  } finally {
    await connection.close();
    await system.stop();
  }
});
