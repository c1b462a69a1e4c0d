import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Below Linux's range for outgoing connections (32768 and up): a port picked here isn't taken by somebody's
 * client socket before its server listens, or while it is being restarted.
 */
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;
/** By then whoever was given a port listens on it. */
const RESERVED_FOR_MS = 120_000;

/** Whether a server can listen on this TCP port, on all addresses as well as on loopback alone. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, undefined));
}

/** A TCP port that nobody listens on, outside of `taken`, and that nobody else was given a moment ago. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!taken.has(port) && (await isPortFree(port)) && (await reserve(port))) return port;
  }
  throw new Error(`no free TCP port found between ${FIRST} and ${LAST}`);
}

/**
 * Between being picked and being listened on, a port looks free to everybody: another test run beside this one,
 * or another file of the same run, would take it too. A file of its name says that it is spoken for.
 */
async function reserve(port: number): Promise<boolean> {
  const folder = join(tmpdir(), `claimcheck-ports-${userInfo().uid}`);
  const file = join(folder, String(port));
  await mkdir(folder, { recursive: true });
  const last = await stat(file).catch(() => undefined);
  if (last !== undefined && Date.now() - last.mtimeMs > RESERVED_FOR_MS) await rm(file, { force: true });
  try {
    await writeFile(file, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function canListen(port: number, host: string | undefined): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ port, ...(host === undefined ? {} : { host }) }, () => server.close(() => resolve(true)));
  return promise;
}
