import { createServer } from 'node:net';

/**
 * Below Linux's range for outgoing connections (32768 and up): a port picked here isn't taken by somebody's
 * client socket before its server listens, or while it is being restarted.
 */
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;

/** Whether a server can listen on this TCP port, on all addresses as well as on loopback alone. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, undefined));
}

/** A TCP port that nobody listens on, outside of `taken`. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new Error(`no free TCP port found between ${FIRST} and ${LAST}`);
}

function canListen(port: number, host: string | undefined): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ port, ...(host === undefined ? {} : { host }) }, () => server.close(() => resolve(true)));
  return promise;
}
