import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { ClamdClient } from '../src/clamd/clamd-client.ts';
import { ScannerUnavailableError } from '../src/clamd/clamd-reply.ts';
import { Harness } from './support/harness.ts';

const VIRUS = Buffer.from('this-is-the-only-virus-known-here');
const MAX_STREAM_BYTES = 1024 * 1024;

let folder: string;
let clamd: ChildProcess;
let port: number;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** A clamd with a low limit, unlike the shared one. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-clamd-'));
  port = await freePort();
  await writeFile(join(folder, 'test.ndb'), `Test.Virus:0:*:${VIRUS.toString('hex')}\n`);
  const config = ['Foreground yes', 'TCPAddr 127.0.0.1', `TCPSocket ${port}`, `DatabaseDirectory ${folder}`];
  await writeFile(
    join(folder, 'clamd.conf'),
    `${[...config, `TemporaryDirectory ${folder}`, 'StreamMaxLength 1M'].join('\n')}\n`,
  );
  clamd = spawn('clamd', ['--config-file', join(folder, 'clamd.conf')], { stdio: 'ignore' });
  await vi.waitFor(() => client().ping(), { timeout: 30_000, interval: 100 });
});
afterAll(async () => {
  if (clamd.exitCode === null && clamd.signalCode === null) {
    clamd.kill('SIGKILL');
    await once(clamd, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

const client = (timeoutMs = 20_000) =>
  new ClamdClient({ host: '127.0.0.1', port, maxBytes: 100 * MAX_STREAM_BYTES, timeoutMs });

const scan = async (chunks: Iterable<Uint8Array>, timeoutMs?: number) => {
  const session = client(timeoutMs).openScan(new AbortController().signal);
  for (const chunk of chunks) await session.write(chunk);
  return session.verdict();
};

it('the worker finds the limit of clamd, and its version', async () => {
  const scanner = client();
  expect(await scanner.readLimit()).toBe(MAX_STREAM_BYTES);
  expect(await scanner.version()).toMatch(/^ClamAV \d+\.\d+/);
});

it('the worker finds options that are off, as by default, and logs them', async () => {
  const missing = ['AlertEncrypted', 'AlertExceedsMax'];
  expect(await client().missingOptions()).toEqual(missing);
  const harness = await Harness.create();
  try {
    const worker = await harness.startWorker({ CLAMAV_PORT: String(port) });
    const line = await worker.log.waitFor(({ missing_options }) => missing_options !== undefined, 'warning');
    expect(line.missing_options).toEqual(missing);
  } finally {
    await harness.close();
  }
});

it('the worker finds no missing option when both are on', async () => {
  const { CLAMAV_HOST = '', CLAMAV_PORT } = inject('stack');
  const scanner = new ClamdClient({
    host: CLAMAV_HOST,
    port: Number(CLAMAV_PORT),
    maxBytes: MAX_STREAM_BYTES,
    timeoutMs: 20_000,
  });
  expect(await scanner.missingOptions()).toEqual([]);
});

it('says clean', async () => {
  expect(await scan([Buffer.from('harmless')])).toEqual({ code: 'clean' });
});

it('a virus that is split over chunks is found', async () => {
  const verdict = await scan([VIRUS.subarray(0, 10), VIRUS.subarray(10)]);
  expect(verdict).toEqual({ code: 'infected', virusName: 'Test.Virus.UNOFFICIAL' });
});

it('a file above the limit of clamd, which then hangs up, is unscannable', async () => {
  const chunks = Array.from({ length: 200 }, () => Buffer.alloc(64 * 1024, 'a'));
  // Its hang-up may overtake its answer; then, as for any missing verdict, the worker retries.
  const verdict = await vi.waitFor(() => scan(chunks), { timeout: 20_000 });
  expect(verdict).toEqual({ code: 'unscannable', reason: 'too_large' });
});

it('a file is unscannable when clamd lives but never finishes', async () => {
  // It knows no virus and answers no INSTREAM.
  const busy = createServer((socket) => {
    socket.once('data', (command) => {
      if (command.toString() === 'zPING\0') socket.end('PONG\0');
    });
  }).listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const address = busy.address();
  const scanner = new ClamdClient({
    host: '127.0.0.1',
    port: typeof address === 'object' && address !== null ? address.port : 0,
    maxBytes: MAX_STREAM_BYTES,
    timeoutMs: 200,
  });
  const session = scanner.openScan(new AbortController().signal);
  await session.write(VIRUS);
  expect(await session.verdict()).toEqual({ code: 'unscannable', reason: 'timeout' });
  busy.close();
});

it('there is no verdict when clamd hangs before it has every byte, or is gone', async () => {
  clamd.kill('SIGSTOP');
  const chunks = Array.from({ length: 500 }, () => Buffer.alloc(64 * 1024, 'a'));
  await expect(scan(chunks, 500)).rejects.toBeInstanceOf(ScannerUnavailableError);
  // A stopped process still receives a small file: the kernel buffers it.
  await expect(scan([VIRUS], 500)).rejects.toBeInstanceOf(ScannerUnavailableError);
  clamd.kill('SIGKILL');
  await once(clamd, 'exit');
  await expect(scan([VIRUS])).rejects.toBeInstanceOf(ScannerUnavailableError);
});
