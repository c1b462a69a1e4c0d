import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTracing } from './create-tracing.ts';
import { inSpan, type Tracing } from './tracing.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';
const parent = `00-${trace}-${span}-01`;
const server = { kind: 'server' } as const;

const settings = { service: 'test', headers: {}, sampled: 1 };

describe('without a receiver', () => {
  test("a caller's trace continues in what is done for it, and nowhere else", async () => {
    const tracing = await createTracing({ ...settings, endpoint: undefined, onLost: () => {} });
    const seen = await inSpan(tracing, 'a', { ...server, parent }, async () => {
      await new Promise(setImmediate);
      return inSpan(tracing, 'b', { kind: 'internal' }, async () => tracing.traceparent());
    });
    expect(seen).toBe(parent);
    expect(tracing.traceparent()).toBeUndefined();
    expect(await inSpan(tracing, 'c', server, async () => tracing.traceparent())).toBeUndefined();
    await tracing.close();
  });

  test('work that belongs to no trace is just done', async () => {
    const tracing = await createTracing({ ...settings, endpoint: undefined, onLost: () => {} });
    expect(tracing.isRecording).toBe(false);
    const done = Promise.resolve('done');
    for (const nothing of [undefined, ''])
      expect(inSpan(tracing, 'a', { ...server, parent: nothing }, () => done)).toBe(done);
    expect(inSpan(tracing, 'a', { ...server, parent }, () => done)).not.toBe(done);
  });
});

interface Exported {
  resourceSpans: {
    scopeSpans: {
      spans: {
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        status: { code?: number };
      }[];
    }[];
  }[];
}

describe('with a receiver', () => {
  let receiver: http.Server;
  let tracing: Tracing;
  let status: number;
  const exported: Exported[] = [];
  const lost: number[] = [];

  beforeEach(async () => {
    status = 200;
    exported.length = 0;
    lost.length = 0;
    receiver = http.createServer(async (request, response) => {
      exported.push((await json(request)) as Exported);
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    tracing = await createTracing({ ...settings, endpoint, onLost: (spans) => lost.push(spans) });
  });
  afterEach(async () => {
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });

  const spans = () =>
    exported.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );

  test('spans belong to the caller, and to each other; what fails says so', async () => {
    const sent = await inSpan(tracing, 'outer', { ...server, parent }, async () => {
      await inSpan(tracing, 'inner', { kind: 'internal' }, async () => {
        throw new Error('on purpose');
      }).catch(() => undefined);
      return tracing.traceparent();
    });
    await tracing.close();
    const [inner, outer] = spans();
    expect(outer).toMatchObject({ name: 'outer', traceId: trace, parentSpanId: span });
    expect(inner).toMatchObject({
      name: 'inner',
      traceId: trace,
      parentSpanId: outer?.spanId,
      status: { code: 2 },
    });
    expect(sent).toBe(`00-${trace}-${outer?.spanId}-01`);
  });

  test('a caller that is not recorded is not recorded here either, and still passed on', async () => {
    const quiet = `00-${trace}-${span}-00`;
    const sent = await inSpan(tracing, 'outer', { ...server, parent: quiet }, async () =>
      tracing.traceparent(),
    );
    await tracing.close();
    expect(spans()).toEqual([]);
    expect(sent).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`));
  });

  test('a receiver that refuses is reported', async () => {
    status = 400;
    await inSpan(tracing, 'outer', server, async () => undefined);
    await tracing.close();
    expect(lost).toEqual([1]);
  });
});
