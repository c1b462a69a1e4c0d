import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { readConfig } from './config.ts';
import { watchSecretFiles, withSecretFiles } from './secret-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-secrets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a secret is read from its file, without the line break at its end', async () => {
  const path = join(folder, 'token');
  await writeFile(path, 'hush\n');
  const schema = z.object({ AUTH_JWT_SECRET: z.string() });
  expect(readConfig(schema, { AUTH_JWT_SECRET_FILE: path })).toEqual({ AUTH_JWT_SECRET: 'hush' });
});

test('a file that cannot be read, is empty, or stands next to the variable is named, not shown', async () => {
  const empty = join(folder, 'empty');
  await writeFile(empty, '');
  const env = { NATS_URL_FILE: join(folder, 'absent'), DATABASE_URL_FILE: empty, TOKEN_SECRETS: 'hush' };
  expect(() => withSecretFiles({ ...env, TOKEN_SECRETS_FILE: empty })).toThrow(
    /^(?!.*hush)(?=.*DATABASE_URL_FILE: the file is empty)(?=.*NATS_URL_FILE: cannot be read)(?=.*either TOKEN_SECRETS or)/s,
  );
});

test('a replaced file is noticed once, and one that stays as it was is not', async () => {
  const path = join(folder, 'changing');
  const next = join(folder, 'next');
  await writeFile(path, 'one');
  await writeFile(next, 'two');
  const onChange = vi.fn();
  const stop = watchSecretFiles({ env: { NATS_URL_FILE: path }, onChange, everyMs: 10 });
  // As a mounted Secret is: a file that is written in place is empty for a moment, which is a change too.
  await rename(next, path);
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled());
  stop();
  expect(onChange.mock.calls).toEqual([[['NATS_URL']]]);
});
