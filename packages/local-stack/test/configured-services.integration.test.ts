import { expect, it } from 'vitest';
import { startLocalStack } from '../src/local-stack.ts';
import { temporaryDirectory } from './fixtures/temporary-directory.ts';

it('starts nothing that is configured, and passes the configuration on', async () => {
  const configured = {
    DATABASE_URL: 'postgresql://db.example/claimcheck',
    NATS_URL: 'nats://nats.example:4222',
    S3_ENDPOINT: 'https://s3.example',
    S3_BUCKET: 'media',
    S3_REGION: 'eu-west-1',
    CLAMAV_HOST: 'clamav.example',
  };
  const stack = await startLocalStack({ dataDir: await temporaryDirectory(), env: configured });
  expect(stack.services).toEqual({ postgres: undefined, nats: undefined, s3: undefined, clamav: undefined });
  expect(stack.env).toEqual({ ...configured, GATEWAY_DATABASE_URL: configured.DATABASE_URL });
  expect(stack.notes.join()).toContain('GATEWAY_DATABASE_URL');
  await stack.stop();
});

it('says so when scans are skipped', async () => {
  const env = { DATABASE_URL: 'postgresql://x/y', NATS_URL: 'nats://x', S3_ENDPOINT: 'http://x', PATH: '' };
  const stack = await startLocalStack({ dataDir: await temporaryDirectory(), env });
  expect(stack.env.CLAMAV_HOST).toBeUndefined();
  expect(stack.notes.join()).toContain('scans are skipped: no clamd on PATH');
  await stack.stop();
});

it('stops what it started when one server fails, and names the missing program and how to get it', async () => {
  const dataDir = await temporaryDirectory();
  const env = { PATH: '/usr/bin:/bin', CLAIMCHECK_CACHE_DIR: `${dataDir}/cache`, S3_ENDPOINT: 'http://x' };
  const failing = startLocalStack({ dataDir, env, clamav: 'none' });
  await expect(failing).rejects.toThrow(/nats-server .* no Go .*NATS_URL/s);
  // The data directory is free again: the same failure, and not "already running".
  await expect(startLocalStack({ dataDir, env, clamav: 'none' })).rejects.toThrow('nats-server');
}, 60_000);
