import { expect, test } from 'vitest';
import { z } from 'zod';
import { duration, flag, keyedSecrets, listOf, port, readConfig } from './config.ts';
import { ConfigError } from './config-error.ts';

const schema = z.object({
  PORT: port.default(8080),
  NATS_URL: z.string().min(1),
  TTL: duration.default(1_000),
  DEV: flag.default(false),
  ROLES: listOf(['http', 'background']).default(['http']),
});

test('reads, converts, and fills in defaults', () => {
  expect(
    readConfig(schema, { NATS_URL: 'nats://x', TTL: '2m', DEV: 'true', ROLES: 'http, background', PORT: '' }),
  ).toEqual({
    PORT: 8080,
    NATS_URL: 'nats://x',
    TTL: 120_000,
    DEV: true,
    ROLES: ['http', 'background'],
  });
});

test('reports every problem at once, by name, and never a value', () => {
  try {
    readConfig(schema, { PORT: 'secret1', TTL: 'secret2', DEV: 'secret3', ROLES: 'secret4' });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { message, problems } = error as ConfigError;
    expect(problems.map((line) => line.split(/[:.]/)[0])).toEqual([
      'PORT',
      'NATS_URL',
      'TTL',
      'DEV',
      'ROLES',
    ]);
    expect(message).not.toContain('secret');
  }
});

test('secrets with names keep their order; a short, unnamed or repeated one is refused without being shown', () => {
  const keys = z.object({ KEYS: keyedSecrets });
  const [one, two] = ['x:'.repeat(16), 'y'.repeat(40)];
  expect(readConfig(keys, { KEYS: `new:${one}, old:${two}` }).KEYS).toEqual([
    { kid: 'new', secret: one },
    { kid: 'old', secret: two },
  ]);
  for (const wrong of ['k:hush', two, `:${two}`, `a b:${two}`, `k:${two},k:${one}`, `k:${two},k2`, ','])
    expect(() => readConfig(keys, { KEYS: wrong })).toThrow(/^(?!.*(hush|yyy)).*KEYS: must/s);
});
