import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PassedOnTracing } from '@claimcheck/platform/tracing/passed-on-tracing';
import type { Span, SpanOptions } from '@claimcheck/platform/tracing/tracing';
import express from 'express';
import { expect, test } from 'vitest';
import { traceRequests } from './observe-requests.ts';

class CountingTracing extends PassedOnTracing {
  starts = 0;

  override start(name: string, options: SpanOptions): Span {
    this.starts += 1;
    return super.start(name, options);
  }
}

test("without a receiver only a caller's own trace continues, and nothing waits for the request's end", async () => {
  const tracing = new CountingTracing();
  const app = express();
  app.use((_request, response, next) => {
    response.locals.before = response.listenerCount('close');
    next();
  }, traceRequests(tracing));
  app.get('/', (_request, response) => {
    const listeners = response.listenerCount('close') - response.locals.before;
    response.json({ traceparent: tracing.traceparent() ?? null, listeners });
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const ask = async (headers: Record<string, string>) => (await fetch(url, { headers })).json();
    expect(await ask({})).toEqual({ traceparent: null, listeners: 0 });
    expect(tracing.starts).toBe(0);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(await ask({ traceparent })).toEqual({ traceparent, listeners: 0 });
    expect(tracing.starts).toBe(1);
  } finally {
    server.close();
  }
});
