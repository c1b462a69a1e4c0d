import http from 'node:http';
import type { Context } from '../compose.ts';
import { composeUploads } from '../tus/compose.ts';
import { createApp } from './app.ts';
import { limitConnections } from './limit-connections.ts';

const DRAIN_MS = 5_000;
const SERVER_LIMITS = {
  // A slow but steady upload may take hours; other bodies have a separate limit.
  requestTimeout: 0,
  headersTimeout: 20_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 65_000,
};

/** Runs the role `http`. At the shutdown, uploads in flight end at a committed offset. */
export const startHttpRole = async (context: Context): Promise<void> => {
  const { config, shutdown, logger } = context;
  const uploads = composeUploads(context, context.bus);
  await uploads.sessions.start((error) => logger.error({ err: error }, 'heartbeat failed'));
  shutdown.add('leases', () => uploads.sessions.stop());
  shutdown.add('upload engine', () => uploads.engine.sender.close());
  const server = http.createServer(SERVER_LIMITS, createApp(context, uploads));
  limitConnections(server, { total: config.maxConnections, perAddress: config.maxConnectionsPerAddress });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, resolve);
  });
  shutdown.add('http', async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    // Received bytes are committed and acknowledged; the client resumes elsewhere.
    await uploads.locker.releaseAll();
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(timer);
  });
};
