import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Storage } from './storage.ts';

/** A store that requires a Content-MD5 for batches, as some do. */
let asked: string[] = [];
const server = http.createServer((request, response) => {
  const url = request.url ?? '';
  asked.push(`${request.method} ${url.split('?')[0]}${url.includes('delete') ? '?delete' : ''}`);
  if (request.method === 'POST')
    response
      .writeHead(400, { 'content-type': 'application/xml' })
      .end('<Error><Code>MissingContentMD5</Code><Message>no MD5</Message></Error>');
  else response.writeHead(204).end();
});
let storage: Storage;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  storage = new Storage({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    bucket: 'media',
    forcePathStyle: true,
    keys: () => ({ accessKeyId: 'key', secretAccessKey: 'secret' }),
  });
});
afterAll(() => {
  storage?.close();
  server.close();
});

test('a store that refuses batches gets single deletes, and no further batch', async () => {
  await storage.delete(['a', 'b']);
  expect(asked.toSorted()).toEqual([
    'DELETE /media/a',
    'DELETE /media/b',
    expect.stringMatching(/^POST \/media/),
  ]);
  asked = [];
  await storage.delete(['c']);
  expect(asked).toEqual(['DELETE /media/c']);
});
