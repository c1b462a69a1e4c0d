import { randomBytes } from 'node:crypto';
import { migrate } from '@claimcheck/database/migrate';
import pg from 'pg';

export interface TestDatabase {
  /** The owner's URL, as the api has it. */
  url: string;
  /** A role that may only SELECT, as the gateway has it. */
  readerUrl: string;
  drop(): Promise<void>;
}

const withClient = async (url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};

const inDatabase = (url: string, name: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
};

/** Creates a separate migrated database, and a role that may only read it. */
export const createTestDatabase = async (ownerUrl: string): Promise<TestDatabase> => {
  const name = `gateway_test_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const url = inDatabase(ownerUrl, name);
  await withClient(ownerUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  await migrate(url);
  await withClient(url, async (client) => {
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${name}`);
  });
  const readerUrl = new URL(url);
  readerUrl.username = name;
  readerUrl.password = password;
  return {
    url,
    readerUrl: readerUrl.href,
    drop: async () => {
      await withClient(url, (client) => client.query(`DROP OWNED BY ${name}`));
      await withClient(ownerUrl, async (client) => {
        await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
        await client.query(`DROP ROLE ${name}`);
      });
    },
  };
};
