import { expect, test } from 'vitest';
import { createTokenSource } from './token-source.ts';

const tokenUntil = (expiresAtMs: number, name: string) =>
  ['{}', JSON.stringify({ exp: Math.floor(expiresAtMs / 1_000), sub: name }), ''].map(btoa).join('.');

test('one login serves all callers until the token is about to expire', async () => {
  let logins = 0;
  const getToken = createTokenSource(async () => {
    logins += 1;
    return tokenUntil(Date.now() + 3_600_000, `login-${logins}`);
  });
  const [first, second] = await Promise.all([getToken(), getToken()]);
  expect(second).toBe(first);
  expect(await getToken()).toBe(first);
  expect(logins).toBe(1);
});

test('a token that is about to expire is replaced', async () => {
  let logins = 0;
  const getToken = createTokenSource(async () => {
    logins += 1;
    return tokenUntil(Date.now() + 30_000, `login-${logins}`);
  });
  const first = await getToken();
  expect(await getToken()).not.toBe(first);
});

test('a failed login is not kept', async () => {
  let logins = 0;
  const getToken = createTokenSource(async () => {
    logins += 1;
    if (logins === 1) throw new Error('no network');
    return tokenUntil(Date.now() + 3_600_000, 'ann');
  });
  await expect(getToken()).rejects.toThrow('no network');
  await expect(getToken()).resolves.toContain('.');
});

test('a token that the server did not accept is replaced', async () => {
  let logins = 0;
  const getToken = createTokenSource(async () => {
    logins += 1;
    return tokenUntil(Date.now() + 3_600_000, `login-${logins}`);
  });
  const first = await getToken();
  const second = await getToken({ fresh: true });
  expect(second).not.toBe(first);
  expect(await getToken()).toBe(second);
});
