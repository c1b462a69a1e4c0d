import { createServer, type Server as HttpServer } from 'node:http';
import { StatementPool } from '@claimcheck/database/statement-pool';
import { createTokenVerifier } from '@claimcheck/platform/auth/token-verifier';
import { Bus } from '@claimcheck/platform/nats/bus';
import { startAdminServer } from '@claimcheck/platform/process/admin-server';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { StartTools } from '@claimcheck/platform/process/run-process';
import { expectAnswer } from '@claimcheck/platform/process/start-error';
import { createTracing } from '@claimcheck/platform/tracing/create-tracing';
import { answerRequests } from './answer-requests.ts';
import type { GatewayConfig } from './config.ts';
import { CatchUpAdmission } from './feeds/catch-up-admission.ts';
import { type ConversationReader, createConversationReader } from './feeds/conversation-reader.ts';
import { FeedRegistry } from './feeds/feed-registry.ts';
import { Reconciler } from './feeds/reconciler.ts';
import { UserFeeds } from './feeds/user-feeds.ts';
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts';
import { acceptSessions } from './sockets/accept-sessions.ts';
import { createOriginCheck } from './sockets/allowed-origins.ts';
import { createClientAddress } from './sockets/client-address.ts';
import { drainSockets } from './sockets/drain-sockets.ts';
import { EventSender } from './sockets/event-sender.ts';
import { type ConnectionGuard, guardConnections } from './sockets/guard-connections.ts';
import { createIoServer } from './sockets/io-server.ts';
import { createRoomAudience } from './sockets/room-audience.ts';
import type { GatewayServer } from './sockets/types.ts';

/** Connections for queries that do not queue: the comparison each second and the readiness check. */
const SPARE_CONNECTIONS = 2;
const CLOSE_PATIENCE_MS = 2_000;
// A request here is a WebSocket's handshake, a few hundred bytes at once: a slower client holds a connection
// for nothing.
const HANDSHAKE_LIMITS = { headersTimeout: 5_000, requestTimeout: 5_000, connectionsCheckingInterval: 1_000 };

export interface GatewayAddress {
  port: number;
  adminPort: number;
}

interface Services {
  config: GatewayConfig;
  /** Current shared secrets of tokens. */
  secrets: () => readonly string[] | undefined;
  bus: Bus;
  reader: ConversationReader;
  metrics: GatewayMetrics;
  logger: Logger;
}

const listen = async (server: HttpServer, port: number): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
};

const closeSockets = async (io: GatewayServer, guard: ConnectionGuard): Promise<void> => {
  // The server does not wait for a client that does not answer the closing handshake.
  const timer = setTimeout(() => guard.terminateAll(), CLOSE_PATIENCE_MS);
  await io.close();
  clearTimeout(timer);
};

/** Feeds of conversations and users, which follow the broker's announcements. */
const openFeeds = (
  { bus, reader, metrics, logger }: Services,
  audience: ReturnType<typeof createRoomAudience>,
): { feeds: FeedRegistry; userFeeds: UserFeeds } => {
  const onMalformed = (subject: string) => {
    metrics.drop('malformed_announcement');
    logger.warn({ subject }, 'an announcement was not understood');
  };
  const follow = (subjectOf: (id: string) => string) => (id: string, onMessage: (data: Uint8Array) => void) =>
    bus.subscribe(subjectOf(id), onMessage, { span: 'deliver to sockets' });
  const feeds = new FeedRegistry({
    reader,
    audience,
    follow: follow(bus.subjects.conversation),
    onMalformed: (id) => onMalformed(bus.subjects.conversation(id)),
    onCount: (count) => metrics.feeds.set(count),
    logger,
  });
  const userFeeds = new UserFeeds({
    reader,
    follow: follow(bus.subjects.user),
    onMalformed: (id) => onMalformed(bus.subjects.user(id)),
    logger,
  });
  return { feeds, userFeeds };
};

const startSockets = async (services: Services): Promise<{ port: number; close: () => Promise<void> }> => {
  const { config, bus, reader, metrics, logger } = services;
  const addressOf = createClientAddress(config.trustedProxyHops);
  const httpServer = createServer(HANDSHAKE_LIMITS, answerRequests(addressOf));
  // Applies to clients that send nothing at all; ws removes it from a connection that has become a WebSocket.
  httpServer.setTimeout(HANDSHAKE_LIMITS.requestTimeout);
  const ownPages = [config.publicUrl, config.gatewayPublicUrl].filter((url) => url !== undefined);
  const isAllowedOrigin = createOriginCheck([...ownPages, ...config.corsOrigins]);
  const io = createIoServer(httpServer, {
    isAllowedOrigin,
    addressOf,
    maxConnectionsPerAddress: config.maxConnectionsPerAddress,
    metrics,
    logger,
  });
  const events = new EventSender(metrics, logger);
  const guard = guardConnections(io, metrics);

  const { feeds, userFeeds } = openFeeds(services, createRoomAudience(io, events, metrics));
  const verify = createTokenVerifier({
    ...config.token,
    secrets: config.token.secrets && (() => services.secrets() ?? []),
  });
  const admission = new CatchUpAdmission();
  metrics.watchCatchUps(() => admission.waiting);
  acceptSessions(io, {
    feeds,
    userFeeds,
    reader,
    admission,
    events,
    verify,
    metrics,
    maxSubscriptions: config.maxSubscriptionsPerSocket,
    maxConnectionsPerUser: config.maxConnectionsPerUser,
    guard,
    logger,
  });

  const reconciler = new Reconciler(() => feeds.reconcile(), logger);
  bus.onReconnect(() => {
    feeds.compareAll();
    reconciler.request();
  });
  const port = await listen(httpServer, config.gatewayPort);
  return {
    port,
    close: async () => {
      await drainSockets({ io, httpServer, events, metrics, logger }, config.drainTime);
      await closeSockets(io, guard);
      await reconciler.close();
      feeds.close();
    },
  };
};

/**
 * Composes and starts the gateway, and registers with `shutdown` how to undo each step.
 * @throws StartError when a server does not answer; Error when a port is taken
 */
export const startGateway = async (
  config: GatewayConfig,
  { logger, shutdown, onReload }: StartTools<GatewayConfig>,
): Promise<GatewayAddress> => {
  const metrics = createGatewayMetrics();
  const database = new StatementPool(config.databaseUrl, config.databasePoolSize);
  shutdown.add('database', () => database.close());
  /** Returns the current secrets. */
  let live = config;
  onReload((next) => {
    live = next;
    database.changeUrl(next.databaseUrl);
  });
  const tracing = await createTracing({
    service: `${config.appName}-gateway`,
    ...config.traces,
    onLost: (spans, error) => logger.warn({ err: error, spans }, 'traces were not taken'),
  });
  shutdown.add('traces', () => tracing.close());
  const bus = await expectAnswer({ name: 'NATS', variable: 'NATS_URL' }, () =>
    Bus.connect({
      url: () => live.natsUrl,
      files: config.brokerFiles,
      name: `${config.appName}-gateway`,
      appName: config.appName,
      logger,
      tracing,
    }),
  );
  shutdown.add('broker', () => bus.close());
  const reader = createConversationReader(database, {
    concurrency: Math.max(1, config.databasePoolSize - SPARE_CONNECTIONS),
    onShared: () => metrics.sharedPages.inc(),
  });
  const sockets = await startSockets({
    config,
    secrets: () => live.token.secrets?.(),
    bus,
    reader,
    metrics,
    logger,
  });
  const admin = await startAdminServer({
    port: config.adminPort,
    roles: ['gateway'],
    registry: metrics.registry,
    logger,
    checks: { database: () => database.check() },
    // Events without an announcement are read from the log.
    reported: { broker: () => bus.check() },
  });
  shutdown.add('admin server', () => admin.close());
  shutdown.add('sockets', sockets.close);
  // Last in, first out: a load balancer sends requests elsewhere before sockets are closed.
  shutdown.add('readiness', () => admin.drain());
  return { port: sockets.port, adminPort: admin.port };
};
