import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { z } from 'zod';
import { documentedVariables } from './configuration-table.ts';
import { startToConfiguration } from './start-to-configuration.ts';

const INFRA = new URL('../../infra/', import.meta.url);
const APPS = ['api', 'worker', 'gateway'] as const;
const SERVICES = [...APPS, 'background'] as const;
const OF_THE_RUNTIME = ['MALLOC_ARENA_MAX', 'NODE_OPTIONS'];

const service = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).optional(),
  env_file: z.array(z.object({ path: z.string(), required: z.boolean() })).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  networks: z.array(z.string()),
  volumes: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
});
const composeFile = z.looseObject({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
  volumes: z.record(z.string(), z.unknown()),
});
type ComposeFile = z.infer<typeof composeFile>;

let compose: ComposeFile;
let text: string;
/** infra/.env.example with every value filled in, as its comments ask. */
let dotenv: Record<string, string>;

beforeAll(async () => {
  text = await readFile(new URL('compose.yaml', INFRA), 'utf8');
  compose = composeFile.parse(parse(text, { merge: true }));
  const lines = (await readFile(new URL('.env.example', INFRA), 'utf8')).split('\n');
  const pairs = lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split(/=(.*)/s));
  dotenv = Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value || `s${'0'.repeat(40)}`]));
});

const serviceNamed = (name: string): z.infer<typeof service> => {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
};

/** Replaces `${NAME}`, `${NAME:-default}` and `${NAME:?why}` as Compose does. */
const filledIn = (value: string, given: Record<string, string>): string =>
  value.replace(/\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind = '', rest = '') => {
    const set = given[name];
    if (set !== undefined) return set;
    if (kind === '?') throw new Error(`${name} is required and not in .env.example`);
    return rest;
  });

/** @param changed variables of infra/.env */
const environmentOf = (name: string, changed: Record<string, string> = {}): Record<string, string> => {
  const given = { ...dotenv, ...changed };
  const variables = Object.entries(serviceNamed(name).environment);
  return Object.fromEntries(variables.map(([key, value]) => [key, filledIn(value, given)]));
};

test('the file is YAML without surprises, and no secret has a default', () => {
  expect(parseDocument(text, { merge: true }).errors).toEqual([]);
  for (const [, name = '', kind] of text.matchAll(/\$\{([A-Z0-9_]*(?:PASSWORD|SECRET)[A-Z0-9_]*)(:.)/g))
    if (!['GRAFANA_PASSWORD', 'AUTH_JWT_SECRET'].includes(name)) expect([name, kind]).toEqual([name, ':?']);
});

test('all networks, volumes, services and files that are referred to exist', async () => {
  for (const { networks, volumes, depends_on } of Object.values(compose.services)) {
    for (const network of networks) expect(Object.keys(compose.networks)).toContain(network);
    for (const dependency of Object.keys(depends_on)) serviceNamed(dependency);
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      if (!source.startsWith('.')) expect(Object.keys(compose.volumes)).toContain(source);
      else if (!source.endsWith('dashboards')) await readFile(new URL(source, INFRA));
    }
  }
});

describe.each(SERVICES)('%s', (app) => {
  test('takes its environment', async () => {
    const [, script = ''] = serviceNamed(app).command ?? [];
    const { code, said } = await startToConfiguration(script, environmentOf(app));
    expect(said).not.toContain('The configuration is not valid');
    expect(code).toBe(1);
  });

  test('gets no variable that docs/configuration.md does not name', async () => {
    const documented = await documentedVariables();
    const strange = Object.keys(environmentOf(app)).filter(
      (name) => !documented.has(name) && !OF_THE_RUNTIME.includes(name),
    );
    expect(strange).toEqual([]);
  });
});

test.each(['api', 'background', 'gateway'])(
  '%s accepts a key set instead of the secret, and needs one of them',
  async (app) => {
    const [, script = ''] = serviceNamed(app).command ?? [];
    const start = (tokens: Record<string, string>) =>
      startToConfiguration(script, environmentOf(app, tokens));
    const keySet = await start({ AUTH_JWT_SECRET: '', AUTH_JWKS_URL: 'https://chat.example/jwks.json' });
    expect(keySet.said).not.toContain('The configuration is not valid');
    const neither = await start({ AUTH_JWT_SECRET: '' });
    expect(neither.said).toContain('set exactly one of AUTH_JWT_SECRET and AUTH_JWKS_URL');
    expect([keySet.code, neither.code]).toEqual([1, 78]);
  },
);

test('each of our processes reads infra/settings.env, if it exists', () => {
  const readers = Object.entries(compose.services).filter(([, { env_file }]) => env_file.length > 0);
  expect(readers.map(([name]) => name).toSorted()).toEqual([...SERVICES, 'migrations'].toSorted());
  for (const [, { env_file }] of readers)
    expect(env_file).toEqual([{ path: 'settings.env', required: false }]);
});

test("the doctor may query the broker's monitoring", async () => {
  const { hostname, port } = new URL(environmentOf('api').NATS_MONITOR_URL ?? '');
  expect(serviceNamed(hostname).networks).toContain('data');
  expect(serviceNamed('api').networks).toContain('data');
  expect(await readFile(new URL('nats/nats-server.conf', INFRA), 'utf8')).toContain(
    `http: "0.0.0.0:${port}"`,
  );
});

test.each(APPS)('%s has a user of its own at the broker', (app) => {
  const { username, password } = new URL(environmentOf(app).NATS_URL ?? '');
  expect(username).toBe(app);
  expect(environmentOf('nats')[`NATS_${app.toUpperCase()}_PASSWORD`]).toBe(password);
});

test('the roles of the api are separate processes with equal settings', () => {
  const { ROLES: http, ...api } = environmentOf('api');
  const { ROLES: background, ...rest } = environmentOf('background');
  expect([http, background]).toEqual(['http', 'background']);
  expect(rest).toEqual(api);
});

test('the worker reaches nothing outside, and has no database and no signing secret', () => {
  const { networks } = serviceNamed('worker');
  expect(networks).toEqual(['jobs']);
  expect(compose.networks.jobs?.internal).toBe(true);
  expect(serviceNamed('postgres').networks).not.toContain('jobs');
  for (const withheld of ['DATABASE_URL', 'AUTH_JWT_SECRET', 'TOKEN_SECRETS'])
    expect(environmentOf('worker')).not.toHaveProperty(withheld);
});

test('the scanner does not call files clean that it could not scan', () => {
  expect(environmentOf('clamav')).toEqual({
    CLAMD_CONF_AlertEncrypted: 'yes',
    CLAMD_CONF_AlertExceedsMax: 'yes',
  });
});

test('the gateway reads as a role that only reads', () => {
  expect(new URL(environmentOf('gateway').DATABASE_URL ?? '').username).toBe('claimcheck_reader');
});

test('the test would notice a wrong configuration', async () => {
  const { code, said } = await startToConfiguration('apps/api/src/main.ts', {
    ...environmentOf('api'),
    SCAN_POLICY: 'sometimes',
  });
  expect(code).toBe(78);
  expect(said).toContain('SCAN_POLICY');
});
