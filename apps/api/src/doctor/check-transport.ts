import { type Database, Prisma } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { Config } from '../config.ts';
import { attempt } from './attempt.ts';
import { type Check, passed, skipped, warned } from './check.ts';
import { isLocal } from './is-local.ts';

interface Link {
  server: 'broker' | 'Postgres' | 'store';
  isEncrypted: boolean;
  /** A URL, to tell how far plain text travels. */
  url: string;
  fix: string;
}

/** Says how bytes and passwords travel to one server. */
export const describeLink = ({ server, isEncrypted, url, fix }: Link): Check => {
  const name = `transport of the ${server}`.replace('the Postgres', 'Postgres');
  if (isEncrypted) return passed(name, 'TLS');
  return isLocal(url)
    ? passed(name, 'plain, inside of this machine or its network')
    : warned(name, `plain: anybody between here and ${new URL(url).hostname} can read and change it`, fix);
};

const ofPostgres = async (database: Database, url: string): Promise<Check> => {
  const [link] = await database.query<{ ssl: boolean }>(
    Prisma.sql`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
  );
  const fix = 'add sslmode=verify-full to DATABASE_URL, or set PGSSLMODE (docs/operations.md)';
  return describeLink({ server: 'Postgres', isEncrypted: link?.ssl === true, url, fix });
};

const ofBroker = (config: Config, bus: Bus | undefined): Check => {
  if (bus === undefined) return skipped('transport of the broker', 'first fix the broker');
  const [url = ''] = config.natsUrl.split(',');
  // The client uses TLS wherever the broker offers it.
  const { tls_required = false, tls_available = false } = bus.connection.info ?? {};
  return describeLink({
    server: 'broker',
    isEncrypted: tls_required || tls_available,
    url: url.includes('://') ? url : `nats://${url}`,
    fix: 'let NATS_URL begin with tls:// (docs/operations.md)',
  });
};

/** TLS or plain text, to each server that the configuration names. */
export const checkTransport = async (
  config: Config,
  database: Database,
  bus: Bus | undefined,
): Promise<Check[]> => {
  const { endpoint } = config.storage;
  const postgres = await attempt('transport of Postgres', 'first fix Postgres', async () => [
    await ofPostgres(database, config.databaseUrl),
  ]);
  return [
    ofBroker(config, bus),
    ...postgres.map((check) => (check.ok ? check : skipped(check.name, 'first fix Postgres'))),
    describeLink({
      server: 'store',
      isEncrypted: endpoint.startsWith('https:'),
      url: endpoint,
      fix: 'let S3_ENDPOINT begin with https://',
    }),
  ];
};
