import http from 'node:http';
import type { Context } from '../compose.ts';
import { createUploadServer } from '../tus/upload-server.ts';
import { createApp } from './app.ts';

const DRAIN_MS = 5_000;

/** The role `http`. Uploads that are in flight at the shutdown are cut; their clients resume elsewhere. */
export const startHttpRole = async (context: Context): Promise<void> => {
  const { config, shutdown } = context;
  const server = http.createServer(createApp(context, createUploadServer(context)));
  // A slow but steady upload may take hours; Node would end it after 5 minutes.
  server.requestTimeout = 0;
  server.headersTimeout = 20_000;
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, resolve);
  });
  shutdown.add('http', async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(timer);
  });
};
