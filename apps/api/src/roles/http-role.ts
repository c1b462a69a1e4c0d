import http from 'node:http';
import type { Context } from '../compose.ts';
import { composeUploads } from '../tus/compose-uploads.ts';
import { createApp } from './app.ts';

const DRAIN_MS = 5_000;

/** The role `http`. Uploads in flight at the shutdown end at a committed offset. */
export const startHttpRole = async (context: Context): Promise<void> => {
  const { config, shutdown, logger } = context;
  const uploads = composeUploads(context, context.bus);
  await uploads.sessions.start((error) => logger.error({ err: error }, 'heartbeat failed'));
  shutdown.add('leases', () => uploads.sessions.stop());
  shutdown.add('upload engine', () => uploads.engine.sender.close());
  const server = http.createServer(createApp(context, uploads));
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
    // Bytes that arrived are committed and acknowledged; the client resumes elsewhere.
    await uploads.locker.releaseAll();
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(timer);
  });
};
