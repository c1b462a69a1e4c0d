import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, isPortFree } from './free-port.ts';

test('a port that one caller got is not given to another before its server listens', async () => {
  const ports: number[] = [];
  // Without reservations, 400 picks from 12,000 would all differ in only one of 800 runs.
  while (ports.length < 400) ports.push(await freePort());
  expect(new Set(ports).size).toBe(ports.length);
  const [port = 0] = ports;
  expect(await isPortFree(port)).toBe(true);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, resolve));
  expect(await isPortFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});
