import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { limitConnections } from '../src/roles/limit-connections.ts';

const servers: http.Server[] = [];
const sockets: net.Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

const serve = async (limits: { total: number; perAddress: number }): Promise<number> => {
  const server = http.createServer((_request, response) => response.end('ok'));
  servers.push(server);
  limitConnections(server, limits);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** Tells whether the server answers on a new connection, which stays open; a refused one is closed without a byte. */
const isServed = async (port: number, localAddress = '127.0.0.1'): Promise<boolean> => {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress });
  sockets.push(socket);
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const closed = once(socket, 'close').then(() => false);
  return Promise.race([once(socket, 'data').then(() => true), closed]);
};

test('an address gets no more connections than its share, others still do', async () => {
  const port = await serve({ total: 100, perAddress: 2 });
  expect(await isServed(port)).toBe(true);
  expect(await isServed(port)).toBe(true);
  expect(await isServed(port)).toBe(false);
  expect(await isServed(port, '127.0.0.2')).toBe(true);
  // One that ends frees its place.
  sockets[0]?.destroy();
  await expect.poll(() => isServed(port)).toBe(true);
  expect(await isServed(port)).toBe(false);
});

test('a process gets no more connections than it may have, whatever their addresses', async () => {
  const port = await serve({ total: 3, perAddress: 100 });
  for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
    expect(await isServed(port, address)).toBe(true);
  expect(await isServed(port, '127.0.0.4')).toBe(false);
  sockets[0]?.destroy();
  await expect.poll(() => isServed(port, '127.0.0.4')).toBe(true);
});
