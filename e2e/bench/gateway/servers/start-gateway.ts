import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Database } from '@claimcheck/database/database';
import { migrate } from '@claimcheck/database/migrate';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';
import { createDatabase } from '@claimcheck/local-stack/postgres-setup';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger } from '@claimcheck/platform/process/logger';
import jwt from 'jsonwebtoken';
import { type Membership, messageOf, NODE_FLAGS, type RealtimeServer } from './realtime-server.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

export interface GatewayUnderTest extends RealtimeServer {
  lastSeqOf(room: string): Promise<number>;
}

const createMembers = async (database: Database, memberships: readonly Membership[]): Promise<void> => {
  const { client } = database;
  await client.conversation.createMany({
    data: memberships.map(({ room }) => ({ conversation_id: room, created_by: 'u0' })),
  });
  await client.conversation_member.createMany({
    data: memberships.flatMap(({ room, user_ids }) =>
      user_ids.map((user_id) => ({ conversation_id: room, user_id })),
    ),
  });
};

/** Commits one event to each of the rooms in one transaction, like the api's fan-out. @returns the new seqs */
const commit = (database: Database, rooms: readonly string[]) =>
  database.client.$queryRaw<{ conversation_id: string; seq: bigint }[]>`
    WITH next AS (
      UPDATE conversation SET last_seq = last_seq + 1
      WHERE conversation_id = ANY(${[...rooms]}::text[]) RETURNING conversation_id, last_seq
    )
    INSERT INTO conversation_event (conversation_id, seq, type, payload)
    SELECT conversation_id, last_seq, 'message.created'::event_type,
      ${JSON.stringify({ message: messageOf('any', 1_000_000_000_000) })}::jsonb FROM next
    RETURNING conversation_id, seq`;

/** Starts apps/gateway on a separate database; events are committed and announced as the api does it. */
export const startGateway = async (
  stack: Record<string, string>,
  memberships: readonly Membership[],
): Promise<GatewayUnderTest> => {
  const name = `bench${randomBytes(5).toString('hex')}`;
  const databaseUrl = new URL(stack.DATABASE_URL ?? '');
  await createDatabase(databaseUrl.href, name);
  databaseUrl.pathname = `/${name}`;
  await migrate(databaseUrl.href);
  const database = new Database({ url: databaseUrl.href, poolSize: 2 });
  await createMembers(database, memberships);
  const logger = createLogger('bench', 'silent');
  const bus = await Bus.connect({ url: stack.NATS_URL ?? '', name: 'bench', appName: name, logger });
  const secret = randomBytes(32).toString('hex');
  const port = await freePort();
  const adminPort = await freePort(new Set([port]));
  const service = await startProcess({
    name: 'gateway',
    command: process.execPath,
    args: [...NODE_FLAGS, 'apps/gateway/src/main.ts'],
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      NODE_ENV: 'production',
      APP_NAME: name,
      DATABASE_URL: databaseUrl.href,
      NATS_URL: stack.NATS_URL ?? '',
      GATEWAY_PORT: String(port),
      ADMIN_PORT: String(adminPort),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      AUTH_JWT_SECRET: secret,
      LOG_LEVEL: 'warn',
      DRAIN_TIME: '0s',
    },
    ready: async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok,
    timeoutMs: 60_000,
  });
  return {
    name: 'ours',
    port,
    pid: service.pid,
    tokenOf: (userId) => jwt.sign({}, secret, { subject: userId, expiresIn: '1h' }),
    publish: async (rooms) => {
      const committed = await commit(database, rooms);
      const at = Date.now();
      for (const { conversation_id, seq } of committed)
        bus.announce(bus.subjects.conversation(conversation_id), {
          type: 'message.created',
          conversation_id,
          seq: Number(seq),
          message: messageOf(conversation_id, at),
        });
    },
    lastSeqOf: async (room) => {
      const row = await database.client.conversation.findUniqueOrThrow({ where: { conversation_id: room } });
      return Number(row.last_seq);
    },
    logTail: () => service.logTail(),
    stop: async () => {
      await service.stop();
      await bus.close();
      await database.close();
    },
  };
};
