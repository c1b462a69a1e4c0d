import { generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { KeysUnavailableError } from './key-set.ts';
import { createTokenVerifier } from './token-verifier.ts';

const secret = 'a secret of at least thirty-two characters';
const options = { algorithm: 'HS256', subject: 'ann', expiresIn: 60 } as const;

describe('a shared secret', () => {
  const verify = createTokenVerifier({ secrets: () => [secret], issuers: ['host'], audiences: ['media'] });
  const good = { ...options, issuer: 'host', audience: 'media' };

  test('gives the identity', async () => {
    const token = jwt.sign({ scope: 'openid claimcheck:admin' }, secret, good);
    expect(await verify(token)).toMatchObject({ user_id: 'ann', is_backend: true });
    expect(await verify(jwt.sign({ scope: 'claimcheck:administrator' }, secret, good))).toMatchObject({
      is_backend: false,
    });
  });

  test.each([
    ['expired', jwt.sign({}, secret, { ...good, expiresIn: -1 }), 'token_expired'],
    ['not valid yet', jwt.sign({}, secret, { ...good, notBefore: 60 }), 'not_yet_valid'],
    ['another issuer', jwt.sign({}, secret, { ...good, issuer: 'x' }), 'issuer'],
    ['another audience', jwt.sign({}, secret, { ...good, audience: 'x' }), 'audience'],
    ['another secret', jwt.sign({}, 'x'.repeat(32), good), 'signature'],
    ['another algorithm', jwt.sign({}, secret, { ...good, algorithm: 'HS512' }), 'algorithm'],
    ['no exp', jwt.sign({ sub: 'ann', iss: 'host', aud: 'media' }, secret), 'malformed'],
    ['a user id with a dot', jwt.sign({}, secret, { ...good, subject: 'a.b' }), 'subject'],
    ['not a token', 'abc', 'malformed'],
    ['a payload that is not JSON', 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.YWJj.x', 'malformed'],
    ['very long', 'a'.repeat(100_000), 'malformed'],
  ])('%s is refused, with the reason', async (_, token, reason) => {
    const code = reason === 'token_expired' ? reason : 'unauthorized';
    await expect(verify(token)).rejects.toMatchObject({ code, reason });
  });

  test('a replaced secret is accepted while it is listed, and a new one at once', async () => {
    let secrets = [secret];
    const rotating = createTokenVerifier({ secrets: () => secrets });
    const next = 'another secret of at least thirty-two characters';
    const [old, fresh] = [jwt.sign({}, secret, options), jwt.sign({}, next, options)];
    await expect(rotating(fresh)).rejects.toMatchObject({ reason: 'signature' });
    secrets = [next, secret];
    expect(await rotating(fresh)).toMatchObject({ user_id: 'ann' });
    expect(await rotating(old)).toMatchObject({ user_id: 'ann' });
    secrets = [next];
    await expect(rotating(old)).rejects.toMatchObject({ reason: 'signature' });
  });

  test('any of several issuers is accepted', async () => {
    const several = createTokenVerifier({ secrets: () => [secret], issuers: ['old-host', 'host'] });
    expect(await several(jwt.sign({}, secret, good))).toMatchObject({ user_id: 'ann' });
  });

  test('a token that expired within the clock tolerance is accepted, until the tolerance is over', async () => {
    const tolerant = createTokenVerifier({ secrets: () => [secret], clockToleranceMs: 5_000 });
    const now = Math.floor(Date.now() / 1_000);
    const late = await tolerant(jwt.sign({ exp: now - 2, sub: 'ann' }, secret));
    expect(late.expires_at).toBe(now + 3);
    expect(await tolerant(jwt.sign({ exp: now + 60, nbf: now + 2, sub: 'ann' }, secret))).toMatchObject({
      user_id: 'ann',
    });
    await expect(tolerant(jwt.sign({ exp: now - 9, sub: 'ann' }, secret))).rejects.toMatchObject({
      reason: 'token_expired',
    });
  });

  test('an encoded subject becomes a user id', async () => {
    const encoding = createTokenVerifier({ secrets: () => [secret], subjectForm: 'encoded' });
    expect(await encoding(jwt.sign({}, secret, { ...options, subject: 'auth0|6123' }))).toMatchObject({
      user_id: 'auth0_7C6123',
    });
  });
});

test('a token that we signed for another purpose is no user token', async () => {
  const verify = createTokenVerifier({ secrets: () => [secret] });
  const audiences = ['claimcheck:upload', ['host', 'claimcheck:download']];
  for (const audience of audiences)
    await expect(verify(jwt.sign({}, secret, { ...options, audience }))).rejects.toMatchObject({
      code: 'unauthorized',
    });
  expect(await verify(jwt.sign({}, secret, { ...options, audience: 'host' }))).toMatchObject({
    user_id: 'ann',
  });
});

describe('a JWKS', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const ed25519 = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  let asked = 0;
  let isAway = false;
  /** While this list exists, the server is silent until its entries are called. */
  let held: (() => void)[] | undefined;
  const server = http.createServer((_, response) => {
    asked += 1;
    if (held !== undefined) {
      held.push(() => response.writeHead(503).end());
      return;
    }
    if (isAway) {
      response.writeHead(503).end();
      return;
    }
    const key = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' };
    const edwards = { ...ed25519.publicKey.export({ format: 'jwk' }), kid: 'e1', use: 'sig' };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [key, edwards] }));
  });
  let verify: ReturnType<typeof createTokenVerifier>;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    verify = createTokenVerifier({
      jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    });
  });
  afterAll(() => server.close());

  test('gives the identity, and keeps the keys', async () => {
    const token = () => jwt.sign({}, privateKey, { ...options, algorithm: 'RS256', keyid: 'k1' });
    expect(await verify(token())).toMatchObject({ user_id: 'ann' });
    const before = asked;
    await verify(token());
    expect(asked).toBe(before);
  });

  test('refuses the public key used as a shared secret, without asking anybody', async () => {
    const before = asked;
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid: 'k1' })).toString('base64url');
    const payload = Buffer.from(JSON.stringify({ sub: 'ann', exp: 4_000_000_000 })).toString('base64url');
    const { createHmac } = await import('node:crypto');
    const signature = createHmac('sha256', pem).update(`${header}.${payload}`).digest('base64url');
    await expect(verify(`${header}.${payload}.${signature}`)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(asked).toBe(before);
  });

  test('accepts EdDSA, and no changed payload under its signature', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const header = part({ alg: 'EdDSA', typ: 'JWT', kid: 'e1' });
    const claims = (sub: string) => part({ sub, exp: 4_000_000_000 });
    const signature = sign(null, Buffer.from(`${header}.${claims('ann')}`), ed25519.privateKey).toString(
      'base64url',
    );
    expect(await verify(`${header}.${claims('ann')}.${signature}`)).toMatchObject({ user_id: 'ann' });
    await expect(verify(`${header}.${claims('eve')}.${signature}`)).rejects.toMatchObject({
      reason: 'signature',
    });
    // The key of another algorithm.
    const other = part({ alg: 'EdDSA', typ: 'JWT', kid: 'k1' });
    await expect(verify(`${other}.${claims('ann')}.${signature}`)).rejects.toMatchObject({
      reason: 'signature',
    });
  });

  const tokenOf = (keyid: string) => jwt.sign({}, privateKey, { ...options, algorithm: 'RS256', keyid });

  test('refuses a key that is not in the set', async () => {
    await expect(verify(tokenOf('k2'))).rejects.toMatchObject({ code: 'unauthorized' });
  });

  describe('with time going by', () => {
    let now = 0;
    beforeEach(() => {
      now = performance.now();
      vi.spyOn(performance, 'now').mockImplementation(() => now);
    });
    afterEach(() => {
      isAway = false;
      held = undefined;
      vi.restoreAllMocks();
    });
    const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;

    test('invented key ids cause a request once in a while, and keep no valid token out', async () => {
      const fresh = createTokenVerifier({ jwksUrl: url() });
      await fresh(tokenOf('k1'));
      const before = asked;
      for (let round = 0; round < 2; round += 1) {
        now += 6_000;
        for (let count = 0; count < 30; count += 1)
          await expect(fresh(tokenOf(`invented-${count}`))).rejects.toMatchObject({ code: 'unauthorized' });
      }
      expect(asked).toBe(before + 2);
      now += 700_000;
      expect(await fresh(tokenOf('k1'))).toMatchObject({ user_id: 'ann' });
    });

    test('a silent key server delays no token whose key is known', async () => {
      const fresh = createTokenVerifier({ jwksUrl: url() });
      await fresh(tokenOf('k1'));
      held = [];
      now += 700_000;
      for (let count = 0; count < 3; count += 1)
        expect(await fresh(tokenOf('k1'))).toMatchObject({ user_id: 'ann' });
      // A token with another key waits: the key may be new.
      const other = fresh(tokenOf('k2'));
      await vi.waitFor(() => expect(held).toHaveLength(1));
      for (const answer of held ?? []) answer();
      await expect(other).rejects.toThrow(KeysUnavailableError);
    });

    test('a set that cannot be read keeps the keys that are known, and is no verdict on others', async () => {
      const fresh = createTokenVerifier({ jwksUrl: url() });
      await fresh(tokenOf('k1'));
      isAway = true;
      now += 700_000;
      expect(await fresh(tokenOf('k1'))).toMatchObject({ user_id: 'ann' });
      await expect(fresh(tokenOf('k2'))).rejects.toThrow(KeysUnavailableError);
      await expect(createTokenVerifier({ jwksUrl: url() })(tokenOf('k1'))).rejects.toThrow(
        KeysUnavailableError,
      );
    });
  });
});
