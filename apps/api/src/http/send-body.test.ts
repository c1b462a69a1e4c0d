import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { sendBody } from './send-body.ts';

const MIB = 1_024 ** 2;
let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Requests something that `answer` sends. */
const request = async (
  answer: (response: ServerResponse) => Promise<void>,
): Promise<{ viewer: IncomingMessage; answered: Promise<void> }> => {
  const answered = Promise.withResolvers<void>();
  answered.promise.catch(() => undefined);
  server = createServer((_, response) => answer(response).then(answered.resolve, answered.reject));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const sent = get({ port, host: '127.0.0.1', agent: false });
  const [viewer] = (await once(sent, 'response')) as [IncomingMessage];
  viewer.on('error', () => undefined);
  return { viewer, answered: answered.promise };
};

/** A body without an end, as fast as it is read. */
const endless = (): Readable => Readable.from(repeat(), { objectMode: false });
function* repeat(): Generator<Buffer> {
  for (;;) yield Buffer.allocUnsafeSlow(MIB).fill(1);
}

test('a viewer gets the whole body, in order', async () => {
  const chunks = Array.from({ length: 20 }, (_, value) => Buffer.allocUnsafeSlow(MIB / 8).fill(value));
  const whole = Buffer.concat(chunks);
  const { viewer, answered } = await request((response) => sendBody(Readable.from(chunks), response));
  expect((await buffer(viewer)).equals(whole)).toBe(true);
  await answered;
});

test('a body that breaks cuts off its viewer', async () => {
  const body = endless();
  const { viewer, answered } = await request((response) => sendBody(body, response));
  viewer.resume();
  body.destroy(new Error('the storage is away'));
  await new Promise((resolve) => viewer.once('close', resolve));
  expect(viewer.complete).toBe(false);
  await expect(answered).rejects.toThrow('the storage is away');
});

test('a viewer that leaves ends the body', async () => {
  const body = endless();
  const { viewer, answered } = await request((response) => sendBody(body, response));
  viewer.destroy();
  await expect(answered).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(body.destroyed).toBe(true);
});

test('a body whose viewer has left already is not read', async () => {
  const body = endless();
  const { viewer, answered } = await request(async (response) => {
    response.flushHeaders();
    await once(response, 'close');
    await sendBody(body, response);
  });
  viewer.destroy();
  await expect(answered).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(body.destroyed).toBe(true);
});
