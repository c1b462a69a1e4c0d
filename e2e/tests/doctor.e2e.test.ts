import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, PutBucketCorsCommand } from '@aws-sdk/client-s3';
import { freePort } from '@claimcheck/local-stack/free-port';
import { createDatabase } from '@claimcheck/local-stack/postgres-setup';
import { s3Client } from '@claimcheck/local-stack/s3-bucket';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Clamd, startClamd } from '../harness/clamd.ts';
import { runDoctor } from '../harness/doctor.ts';
import { FrontProxy } from '../harness/front-proxy.ts';
import { type LazyNats, startLazyNats } from '../harness/lazy-nats.ts';
import { type OwnServers, startOwnServers } from '../harness/own-servers.ts';
import { runClaimcheck } from '../harness/run-to-end.ts';
import { newAppName, type System, startSystem } from '../harness/system.ts';

let system: System;
let clamd: Clamd;
let store: OwnServers;
let lazyNats: LazyNats;
let nowhere: string;

beforeAll(async () => {
  const appName = newAppName();
  [clamd, lazyNats, store] = await Promise.all([
    startClamd(),
    startLazyNats(),
    // One that tells of its objects by this installation's name.
    startOwnServers(inject('stack'), ['s3'], { appName }),
  ]);
  system = await startSystem(
    store.env,
    { APP_NAME: appName, TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}` },
    { worker: { CLAMAV_HOST: '127.0.0.1', CLAMAV_PORT: String(clamd.port) } },
  );
  nowhere = `127.0.0.1:${await freePort()}`;
});
afterAll(async () => {
  await system?.stop();
  await Promise.all([clamd?.stop(), lazyNats?.stop(), store?.stop()]);
});

const doctor = (env: Record<string, string> = {}, ...args: string[]) =>
  // Other test runs may take the machine's time.
  runDoctor({ ...system.apiEnv, ...env }, '--timeout', '20', ...args);

test('a healthy installation: nothing failed, and everything was checked', async () => {
  const report = await doctor();
  expect(report.broken).toEqual([]);
  expect(report.code).toBe(0);
  for (const name of [
    'configuration',
    'secrets',
    'upload tickets',
    'exposure',
    'postgres',
    'postgres connections',
    'postgres time-outs',
    'migrations',
    'clock of Postgres',
    'nats',
    'jetstream',
    'nats sync',
    `stream ${system.appName.toUpperCase()}_MEDIA`,
    `subject ${system.appName}.storage.events`,
    'ring media',
    'ring transcode',
    'clock of the worker (media)',
    'bucket of the lane transcode',
    'ffmpeg of the lane transcode',
    'scanner',
    'scanner limits',
    'scanner options',
    'bucket',
    'bucket notifications',
    'signed URLs',
    'clock of the store',
    'PUBLIC_URL',
    'upload through PUBLIC_URL',
    'headers through PUBLIC_URL',
    'GATEWAY_PUBLIC_URL',
    'client addresses',
  ])
    expect(report.line(name)).toMatchObject({ verdict: 'ok' });
});

interface Broken {
  what: string;
  env: () => Record<string, string>;
  lines: { name: string; says: RegExp; fix: RegExp }[];
}

const GUESSABLE = 'change-me-change-me-change-me-change-me';
const elsewhere = (): string => `http://${nowhere}`;

const BROKEN: Broken[] = [
  {
    what: 'a bucket that is not there, and a worker with another one',
    env: () => ({ S3_BUCKET: 'not-there' }),
    lines: [
      { name: 'bucket', says: /^not-there at http.* there is no such bucket \(404\)$/, fix: /S3_BUCKET/ },
      {
        name: 'bucket of the lane media',
        says: /the api not-there$/,
        fix: /the same S3_ENDPOINT and S3_BUCKET/,
      },
    ],
  },
  {
    what: 'foreign keys, and a broker that confirms before it has written',
    env: () => ({
      S3_SECRET_ACCESS_KEY: randomBytes(20).toString('hex'),
      NATS_MONITOR_URL: lazyNats.monitorUrl,
    }),
    lines: [
      { name: 'bucket', says: /refuses these keys \(403\)$/, fix: /the keys/ },
      { name: 'nats sync', says: /every 120 s/, fix: /sync_interval: always/ },
    ],
  },
  {
    what: 'addresses that lead nowhere',
    env: () => ({
      S3_PUBLIC_ENDPOINT: elsewhere(),
      PUBLIC_URL: elsewhere(),
      GATEWAY_PUBLIC_URL: elsewhere(),
    }),
    lines: [
      {
        name: 'signed URLs',
        says: /can't be reached from here.*ECONNREFUSED/,
        fix: /S3_PUBLIC_ENDPOINT/,
      },
      { name: 'PUBLIC_URL', says: /can't be reached.*ECONNREFUSED/, fix: /proxy in front/ },
      { name: 'GATEWAY_PUBLIC_URL', says: /the WebSocket was not opened/, fix: /start the gateway/ },
    ],
  },
  {
    what: 'a store of this machine and a demo log-in, for the world',
    env: () => ({ PUBLIC_URL: 'https://media.example' }),
    lines: [
      {
        name: 'signed URLs',
        says: /which clients of https:\/\/media\.example can't reach/,
        fix: /S3_PUBLIC_ENDPOINT/,
      },
      { name: 'exposure', says: /DEV_LOGIN is on at https:\/\/media\.example/, fix: /unset DEV_LOGIN/ },
    ],
  },
  {
    what: 'a subject that has another name',
    env: () => ({ SUBJECT_OPTIMIZE_REQUEST: `${system.appName}.media.optimise.request` }),
    lines: [{ name: 'ring media', says: /no stream takes t\w+\.media\.optimise\.request/, fix: /SUBJECT_/ }],
  },
  {
    what: 'no broker',
    env: () => ({ NATS_URL: `nats://${nowhere}` }),
    lines: [{ name: 'nats', says: /ECONNREFUSED|refused/i, fix: /NATS_URL/ }],
  },
  {
    what: 'no Postgres',
    env: () => ({ DATABASE_URL: `postgres://claimcheck:p@${nowhere}/claimcheck` }),
    lines: [{ name: 'postgres', says: /ECONNREFUSED/, fix: /DATABASE_URL/ }],
  },
  {
    what: 'another secret than the api has',
    env: () => ({ AUTH_JWT_SECRET: GUESSABLE }),
    lines: [{ name: 'upload through PUBLIC_URL', says: /refuses the token \(401\)/, fix: /--token/ }],
  },
  {
    what: 'another policy at the worker',
    env: () => ({ SCAN_POLICY: 'deliver' }),
    lines: [{ name: 'scanner', says: /deliver at the api and gate at the worker/, fix: /same SCAN_POLICY/ }],
  },
];

describe('each fault is a line with its fix', () => {
  test.each(BROKEN)('$what', async ({ env, lines }) => {
    const report = await doctor(env());
    expect(report.code).toBe(1);
    for (const { name, says, fix } of lines) {
      const found = report.line(name);
      expect(found.verdict).toBe('failed');
      expect(found.detail).toMatch(says);
      expect(found.fix).toMatch(fix);
    }
    // No output shows a secret.
    expect(JSON.stringify(report.checks)).not.toContain(env().AUTH_JWT_SECRET ?? GUESSABLE);
    // Checks that are not concerned run all the same.
    expect(report.checks.length).toBeGreaterThan(15);
  });

  test('for people: a line each with what to do, and a summary', async () => {
    const { code, out } = await runClaimcheck({ ...system.apiEnv, S3_BUCKET: 'not-there' }, 'doctor');
    expect(code).toBe(1);
    const lines = out.split('\n');
    const at = lines.findIndex((line) => line.startsWith('FAIL  bucket: not-there at '));
    expect(lines[at + 1]).toMatch(/^ {6}check S3_ENDPOINT, S3_BUCKET/);
    expect(lines).toContainEqual(expect.stringMatching(/^ok {4}postgres: \d+/));
    expect(out).toMatch(/\n\d+ ok, \d+ warning, \d+ failed, \d+ skipped\n$/);
  });

  test('--strict counts warnings, and without its monitoring port the broker is not judged', async () => {
    const { NATS_MONITOR_URL: _, ...env } = system.apiEnv;
    const report = await runDoctor(env, '--strict');
    expect([report.code, report.ok]).toEqual([1, true]);
    expect(report.line('nats sync')).toMatchObject({ verdict: 'skipped' });
  });

  test('an invalid configuration: every problem a line, exit code 78', async () => {
    const { S3_BUCKET: _, ...env } = system.apiEnv;
    const report = await runDoctor({ ...env, READY_DEADLINE: 'soon' });
    expect(report.code).toBe(78);
    expect(report.broken).toEqual([
      'configuration: S3_BUCKET: is required',
      expect.stringMatching(/^configuration: READY_DEADLINE: must be a duration/),
    ]);
  });

  test('a database without migrations', async () => {
    const name = newAppName();
    await createDatabase(system.databaseUrl, name);
    const url = new URL(system.databaseUrl);
    url.pathname = `/${name}`;
    const found = (await doctor({ DATABASE_URL: url.href })).line('migrations');
    expect(found).toMatchObject({ verdict: 'failed', fix: expect.stringContaining('claimcheck -- migrate') });
    expect(found.detail).toMatch(/^not applied yet: \d{14}_/);
  });
});

describe('the bucket', () => {
  test('no CORS rule, and then one', async () => {
    const { S3_ENDPOINT = '', S3_REGION = '', ...stack } = store.env;
    const bucket = `doctor-${randomBytes(6).toString('hex')}`;
    const client = s3Client({
      endpoint: S3_ENDPOINT,
      region: S3_REGION,
      bucket,
      accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
    });
    const look = async () => (await doctor({ S3_BUCKET: bucket })).line('CORS of the bucket');
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      const without = await look();
      expect(without).toMatchObject({
        verdict: 'warning',
        fix: expect.stringContaining('methods GET HEAD PUT'),
      });
      expect(without.detail).toContain(`PUT from ${system.apiUrl} (uploads past us)`);
      const rule = {
        AllowedOrigins: [system.apiUrl],
        AllowedMethods: ['GET', 'HEAD', 'PUT'],
        AllowedHeaders: ['range', 'content-type', 'content-md5', 'if-none-match'],
      };
      await client.send(
        new PutBucketCorsCommand({
          Bucket: bucket,
          CORSConfiguration: { CORSRules: [rule] },
          ChecksumAlgorithm: 'SHA256',
        }),
      );
      expect(await look()).toMatchObject({ verdict: 'ok' });
    } finally {
      client.destroy();
    }
  });

  test('a clock that is off', async () => {
    const proxy = await FrontProxy.start();
    proxy.passTo(system.apiEnv.S3_ENDPOINT ?? '');
    try {
      proxy.options = { dateAheadMs: -120_000 };
      const found = (await doctor({ S3_ENDPOINT: proxy.url })).line('clock of the store');
      expect(found).toMatchObject({ verdict: 'failed', fix: expect.stringContaining('NTP') });
      expect(found.detail).toMatch(/^1[12]\d\.\d s behind/);
    } finally {
      await proxy.close();
    }
  });
});

test("the scanner has clamd's defaults, and calls clean what it cannot scan", async () => {
  await clamd.stop();
  clamd = await startClamd({ port: clamd.port, defaults: true });
  const found = (await doctor()).line('scanner options');
  expect(found).toMatchObject({ verdict: 'warning', fix: expect.stringContaining('"AlertExceedsMax yes"') });
  expect(found.detail).toMatch(/AlertEncrypted, AlertExceedsMax off$/);
});

test('the scanner is gone', async () => {
  await clamd.stop();
  const found = (await doctor()).line('scanner');
  expect(found).toMatchObject({ verdict: 'failed', fix: expect.stringContaining('CLAMAV_HOST') });
});
