// The yardstick: a Node server that only moves a body into S3. It keeps no state, so it cannot resume.
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { BareStorage } from './bare/bare-storage.ts';
import { storeBody } from './bare/store-body.ts';
import { readSettings } from './server-settings.ts';

const { port, storage: access } = readSettings(process.env);
const storage = new BareStorage(access);

const answer = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
  const sizeBytes = Number(request.headers['content-length'] ?? 0);
  const tus = { 'tus-resumable': '1.0.0', 'upload-offset': String(sizeBytes) };
  if (request.method === 'POST') {
    const id = randomUUID();
    if (sizeBytes > 0) await storeBody(storage, id, request, sizeBytes);
    response.writeHead(201, { ...tus, location: `/files/${id}`, 'content-length': 0 }).end();
  } else if (request.method === 'PATCH') {
    await storeBody(storage, request.url?.split('/').at(-1) ?? '', request, sizeBytes);
    response.writeHead(204, tus).end();
  } else response.writeHead(404).end();
};

http
  .createServer({ requestTimeout: 0 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error(error);
      if (!response.headersSent) response.writeHead(502, { connection: 'close' });
      response.end();
    });
  })
  .listen(port, '127.0.0.1');
