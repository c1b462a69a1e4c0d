import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { runDoctor } from '../harness/doctor.ts';
import { FrontProxy } from '../harness/front-proxy.ts';
import { type PublicNames, startPublicNames } from '../harness/public-names.ts';
import { type Replica, startReplica } from '../harness/replica.ts';
import { type System, startSystem } from '../harness/system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem(inject('stack'), { TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}` });
});
afterAll(() => system?.stop());

const doctor = (env: Record<string, string>) => runDoctor({ ...system.apiEnv, ...env });

describe('a proxy in front', () => {
  let proxy: FrontProxy;
  let replica: Replica;

  beforeAll(async () => {
    proxy = await FrontProxy.start();
    replica = await startReplica(system, { env: { PUBLIC_URL: proxy.url } });
    proxy.passTo(replica.url);
  });
  afterAll(async () => {
    await replica?.service.stop();
    await proxy?.close();
  });

  const look = async (name = 'upload through PUBLIC_URL') =>
    (await doctor({ PUBLIC_URL: proxy.url })).line(name);

  test('that lets everything through', async () => {
    proxy.options = {};
    expect(await look()).toMatchObject({ verdict: 'ok' });
  });

  test('that refuses bodies over 1 MiB', async () => {
    proxy.options = { maxBodyBytes: 1_024 * 1_024 };
    const found = await look();
    expect(found).toMatchObject({
      verdict: 'failed',
      fix: expect.stringContaining('client_max_body_size 0'),
    });
    expect(found.detail).toContain('refuses a body of 4194304 bytes (413)');
  });

  test.each([
    ['authorization', /refuses the token \(401\)/],
    ['tus-resumable', /answers POST with 412/],
  ])('that loses %s', async (header, says) => {
    proxy.options = { drops: [header] };
    const found = await look();
    expect(found.verdict).toBe('failed');
    expect(found.detail).toMatch(says);
  });

  test.each([
    ['x-http-method-override', 'X-HTTP-Method-Override'],
    ['if-none-match', 'If-None-Match'],
  ])('that loses %s, which only some clients need', async (header, named) => {
    proxy.options = { drops: [header] };
    const found = await look('headers through PUBLIC_URL');
    expect(found).toMatchObject({
      verdict: 'warning',
      detail: `lost on the way: ${named}`,
      fix: expect.stringContaining('as they are'),
    });
  });
});

describe('the address that clients count as behind a proxy', () => {
  let proxy: FrontProxy;
  let trusting: Replica;

  beforeAll(async () => {
    proxy = await FrontProxy.start();
    trusting = await startReplica(system, { app: 'gateway', env: { TRUSTED_PROXY_HOPS: '1' } });
  });
  afterAll(async () => {
    await trusting?.service.stop();
    await proxy?.close();
  });

  const look = async (env: Record<string, string>) => (await doctor(env)).line('client addresses');

  test('that writes down whom it was asked by: the client, whatever it says of itself', async () => {
    proxy.passTo(trusting.url);
    proxy.options = { addsForwardedFor: true };
    const found = await look({ GATEWAY_PUBLIC_URL: proxy.url });
    expect(found).toMatchObject({ verdict: 'ok', detail: expect.stringContaining('as 127.0.0.1, whatever') });
  });

  test('that writes nothing, and is trusted: anybody may forge', async () => {
    proxy.passTo(trusting.url);
    proxy.options = {};
    const found = await look({ GATEWAY_PUBLIC_URL: proxy.url });
    expect(found).toMatchObject({
      verdict: 'failed',
      detail: expect.stringContaining('escapes every limit'),
      fix: expect.stringContaining('lower TRUSTED_PROXY_HOPS'),
    });
  });

  test('that the configuration does not count: all clients are the proxy', async () => {
    proxy.passTo(system.gatewayUrl);
    proxy.options = { addsForwardedFor: true };
    const names: PublicNames = await startPublicNames(proxy.url);
    try {
      const found = await look({ ...names.env, GATEWAY_PUBLIC_URL: 'http://sockets.example.org' });
      expect(found).toMatchObject({
        verdict: 'warning',
        detail: expect.stringMatching(
          /^this client of http:\/\/sockets\.example\.org counts as 127\.0\.0\.1/,
        ),
        fix: expect.stringContaining('set TRUSTED_PROXY_HOPS'),
      });
    } finally {
      await names.close();
    }
  });

  test('that leads elsewhere: nothing can be said', async () => {
    expect(await look({ GATEWAY_PUBLIC_URL: system.apiUrl })).toMatchObject({
      verdict: 'skipped',
      fix: expect.stringContaining('pass /address on'),
    });
  });
});
