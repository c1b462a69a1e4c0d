import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Below Linux's range for outgoing connections (32768 and up): no client socket takes a port from here before
 * its server listens, or during a restart.
 */
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;
/** By then, the caller that got the port listens on it. */
const RESERVED_FOR_MS = 120_000;

/** Returns whether a server can listen on this TCP port, on all addresses and on loopback. */
export const isPortFree = async (port: number): Promise<boolean> => {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, undefined));
};

/** Returns a free TCP port outside `taken` that no other caller got recently. */
export const freePort = async (taken: ReadonlySet<number> = new Set()): Promise<number> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!taken.has(port) && (await isPortFree(port)) && (await reserve(port))) return port;
  }
  throw new Error(`no free TCP port found between ${FIRST} and ${LAST}`);
};

/**
 * Reserves a port with a file of its name. Until its server listens, a port looks free: another test run, or another file
 * of the same run, would take it too.
 */
const reserve = async (port: number): Promise<boolean> => {
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
};

const canListen = (port: number, host: string | undefined): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ port, ...(host === undefined ? {} : { host }) }, () => server.close(() => resolve(true)));
  return promise;
};
