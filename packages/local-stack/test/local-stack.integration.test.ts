import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askClamd } from '../src/clamav-server.ts';
import { eicarSignatureName, eicarTestString } from '../src/clamav-signature.ts';
import { DataDirectoryInUseError } from '../src/data-directory-lock.ts';
import { type LocalStack, startLocalStack } from '../src/local-stack.ts';
import { s3Client } from '../src/s3-bucket.ts';
import type { S3Implementation } from '../src/s3-server.ts';
import { heldServerLocks, isAlive } from './fixtures/liveness.ts';

const START_MS = 600_000;

// This also compiles the programs on a machine without them.
describe.each<S3Implementation>(['versitygw', 'minio'])('local stack with %s', (s3) => {
  let dataDir: string;
  let stack: LocalStack;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-stack-'));
    stack = await start();
  }, START_MS);

  afterAll(async () => {
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const start = () => startLocalStack({ dataDir, env: process.env, s3, clamav: 'test-signatures' });

  const query = async (variable: 'DATABASE_URL' | 'GATEWAY_DATABASE_URL', sql: string) => {
    const client = new pg.Client({ connectionString: stack.env[variable] });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };

  const storage = () =>
    s3Client({
      endpoint: stack.env.S3_ENDPOINT ?? '',
      region: stack.env.S3_REGION ?? '',
      bucket: stack.env.S3_BUCKET ?? '',
      accessKeyId: stack.env.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: stack.env.S3_SECRET_ACCESS_KEY ?? '',
    });

  it('runs Postgres with an owner who writes and a reader who only reads', async () => {
    await query('DATABASE_URL', 'CREATE TABLE note (body text)');
    await query('DATABASE_URL', "INSERT INTO note VALUES ('kept')");
    expect(await query('GATEWAY_DATABASE_URL', 'SELECT body FROM note')).toEqual([{ body: 'kept' }]);
    await expect(
      query('GATEWAY_DATABASE_URL', "BEGIN READ WRITE; INSERT INTO note VALUES ('no')"),
    ).rejects.toThrow('permission denied');
    expect(await query('DATABASE_URL', 'SHOW server_encoding')).toEqual([{ server_encoding: 'UTF8' }]);
    expect(await query('DATABASE_URL', 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
  });

  it('keeps the data of Postgres over a kill and a restart, on the same port', async () => {
    const { postgres } = stack.services;
    const pid = postgres?.pid ?? 0;
    postgres?.kill('SIGKILL');
    expect(await postgres?.exited).toMatchObject({ signal: 'SIGKILL', expected: false });
    await postgres?.restart();
    expect(postgres?.pid).not.toBe(pid);
    expect(await query('DATABASE_URL', 'SELECT body FROM note')).toEqual([{ body: 'kept' }]);
  });

  it('runs NATS with JetStream that syncs every write', async () => {
    const { natsMonitor } = JSON.parse(await readFile(join(dataDir, 'ports.json'), 'utf8'));
    const jetStream = async () =>
      (await fetch(`http://127.0.0.1:${natsMonitor}/jsz?config=true`).then((answer) =>
        answer.json(),
      )) as object;
    expect(await jetStream()).toMatchObject({ config: { sync_always: true } });
    const banner = await firstBytes(stack.env.NATS_URL ?? '');
    expect(banner).toMatch(/^INFO .*"jetstream":true/);
    await stack.services.nats?.restart();
    expect(await jetStream()).toMatchObject({ config: { sync_always: true } });
  });

  it('keeps objects with their metadata over a restart of S3', async () => {
    const client = storage();
    const object = { Bucket: stack.env.S3_BUCKET, Key: 'some/where/object' };
    await client.send(
      new PutObjectCommand({
        ...object,
        Body: 'bytes',
        ContentType: 'text/x-test',
        Metadata: { owner: 'me' },
      }),
    );
    await stack.services.s3?.restart();
    const found = await client.send(new GetObjectCommand(object));
    expect(await found.Body?.transformToString()).toBe('bytes');
    expect(found).toMatchObject({ ContentType: 'text/x-test', Metadata: { owner: 'me' } });
    client.destroy();
  });

  it('runs a scanner that finds the EICAR string inside other bytes, and nothing in harmless ones', async () => {
    const port = Number(stack.env.CLAMAV_PORT);
    expect(await askClamd('127.0.0.1', port, 'PING')).toBe('PONG');
    expect(await scan(port, `before ${eicarTestString} after`)).toContain(
      `${eicarSignatureName}.UNOFFICIAL FOUND`,
    );
    expect(await scan(port, 'harmless')).toBe('stream: OK');
  });

  it('refuses a second start on the same data directory, with the pid of the first', async () => {
    const second = start();
    await expect(second).rejects.toBeInstanceOf(DataDirectoryInUseError);
    await expect(second).rejects.toThrow(`pid ${process.pid}`);
  });

  it('keeps its secrets from other users', async () => {
    expect((await stat(join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600);
  });

  it('leaves no process behind when stopped, and starts again with the same ports and data', async () => {
    const before = stack.env;
    const pids = Object.values(stack.services).map((service) => service?.pid ?? 0);
    expect(pids.every(isAlive)).toBe(true);
    await stack.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(heldServerLocks(dataDir)).toEqual([]);
    stack = await start();
    expect(stack.env).toEqual(before);
    expect(await query('GATEWAY_DATABASE_URL', 'SELECT body FROM note')).toEqual([{ body: 'kept' }]);
  }, 120_000);
});

/** Returns the server's first line to a new connection. */
const firstBytes = async (url: string): Promise<string> => {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  for await (const chunk of socket) return String(chunk);
  return '';
};

/** Returns clamd's verdict on a stream, from its INSTREAM command. */
const scan = async (port: number, content: string): Promise<string> => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(Buffer.byteLength(content));
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.end(Buffer.concat([Buffer.from('nINSTREAM\n'), size, Buffer.from(content), Buffer.alloc(4)]));
  return (await text(socket)).trimEnd();
};
