import { expect, test } from 'vitest';
import { databaseVariables, withDatabaseUrl } from './database-variables.ts';

const whole = {
  PGHOST: 'db.example.org',
  PGPORT: '6432',
  PGUSER: 'media@app',
  PGPASSWORD: 'p@:/%?# x',
  PGDATABASE: 'chat media',
  PGSSLMODE: 'verify-full',
  PGSSLROOTCERT: '/etc/ca.pem',
  PGSSLCERT: '/etc/client.pem',
  PGSSLKEY: '/etc/client.key',
};

test('parts of an address make the URL', () => {
  const url = new URL(withDatabaseUrl(whole).DATABASE_URL ?? '');
  expect([url.protocol, url.host]).toEqual(['postgresql:', 'db.example.org:6432']);
  expect([url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent)).toEqual([
    whole.PGUSER,
    whole.PGPASSWORD,
    whole.PGDATABASE,
  ]);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    sslmode: 'verify-full',
    sslrootcert: '/etc/ca.pem',
    sslcert: '/etc/client.pem',
    sslkey: '/etc/client.key',
  });
});

test('each described part has an effect', () => {
  const { DATABASE_URL: _, ...parts } = databaseVariables;
  expect(Object.keys(parts).toSorted()).toEqual(Object.keys(whole).toSorted());
});

test.each([
  [{ PGHOST: 'db', PGUSER: 'media' }, 'postgresql://media@db/media?'],
  [{ PGHOST: 'db', PGUSER: 'media', PGPORT: '', PGPASSWORD: '' }, 'postgresql://media@db/media?'],
  [
    { PGHOST: '/run/postgresql', PGUSER: 'media' },
    'postgresql://media@localhost/media?host=%2Frun%2Fpostgresql',
  ],
  [{ PGHOST: 'fd00::1', PGUSER: 'media', PGPORT: '5433' }, 'postgresql://media@[fd00::1]:5433/media?'],
])('%o becomes %s', (env, url) => {
  expect(withDatabaseUrl(env).DATABASE_URL).toBe(url);
});

test('a URL wins, and no host changes nothing', () => {
  expect(withDatabaseUrl({ ...whole, DATABASE_URL: 'postgres://a/b' }).DATABASE_URL).toBe('postgres://a/b');
  expect(withDatabaseUrl({ PGUSER: 'media' })).toEqual({ PGUSER: 'media' });
});

test('a host without a user is an error that names the variable', () => {
  expect(() => withDatabaseUrl({ PGHOST: 'db' })).toThrow('PGUSER: is required with PGHOST');
});
