import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { z } from 'zod';
import { startToConfiguration } from './start-to-configuration.ts';

const INFRA = fileURLToPath(new URL('../../infra/', import.meta.url));
const service = z.looseObject({
  image: z.string(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
});

let text: string;
let services: Record<string, z.infer<typeof service>>;
let secrets: string;

/** Runs the script as the container `secrets` does. */
const writeSecrets = () =>
  runCommand('sh', [join(INFRA, 'demo/write-secrets.sh'), secrets], { env: process.env, cwd: '/' });

beforeAll(async () => {
  text = await readFile(join(INFRA, 'compose.demo.yaml'), 'utf8');
  services = z.record(z.string(), service).parse(parse(text, { merge: true }).services);
  secrets = await mkdtemp(join(tmpdir(), 'claimcheck-demo-'));
  await writeSecrets();
});
afterAll(() => rm(secrets, { recursive: true, force: true }));

const serviceNamed = (name: string) => {
  const found = services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
};

const secretsOf = async (name: string): Promise<Record<string, string>> =>
  parseEnv(await readFile(join(secrets, `${name}.env`), 'utf8')) as Record<string, string>;

/** Replaces `${NAME:-default}` as Compose does when no variable is set. */
const byDefault = (value: string): string => value.replace(/\$\{[A-Z0-9_]+:-([^}]*)\}/g, '$1');

const environmentOf = async (name: string): Promise<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(serviceNamed(name).environment).map(([key, value]) => [key, byDefault(value)]),
  ),
  ...(await secretsOf(name)),
});

test('nothing has to be set, and nothing listens beyond this machine', () => {
  expect(parseDocument(text, { merge: true }).errors).toEqual([]);
  for (const [reference] of text.matchAll(/\$\{[^}]*\}/g)) expect(reference).toContain(':-');
  for (const { ports } of Object.values(services))
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('all named services, files and volumes exist', async () => {
  const volumes = Object.keys(parse(text, { merge: true }).volumes);
  for (const { depends_on, volumes: mounts } of Object.values(services)) {
    for (const name of Object.keys(depends_on)) serviceNamed(name);
    for (const mount of mounts) {
      const [source = ''] = mount.split(':');
      if (source.startsWith('.')) await readFile(join(INFRA, source));
      else expect(volumes).toContain(source);
    }
  }
});

test('servers and images are those of compose.yaml', async () => {
  const real = parse(await readFile(join(INFRA, 'compose.yaml'), 'utf8'), { merge: true }).services;
  for (const [name, { image, build }] of Object.entries(services)) {
    if (name === 'secrets') continue;
    expect({ image, build }).toEqual({ image: real[name].image, build: real[name].build });
  }
});

test('each start has separate secrets, and a restart keeps them', async () => {
  const files = (await readdir(secrets)).filter((name) => name.endsWith('.env'));
  const read = () => Promise.all(files.map((name) => readFile(join(secrets, name), 'utf8')));
  const first = await read();
  expect(new Set(first.join('').match(/s[0-9a-f]{48}/g)).size).toBe(9);
  await writeSecrets();
  expect(await read()).toEqual(first);
});

test('every service reads its own secrets and no other', () => {
  for (const [name, { entrypoint, command }] of Object.entries(services)) {
    if (name === 'secrets') continue;
    const line = (name === 'migrations' ? command : (entrypoint ?? command))?.at(-1);
    const owner = name === 'migrations' ? 'api' : name;
    expect(line).toMatch(new RegExp(`^set -a && \\. /secrets/${owner}\\.env && exec `));
    expect(line?.match(/\/secrets\//g)).toHaveLength(1);
  }
});

test('the broker has one password for each user, and clients use the same ones', async () => {
  const broker = await secretsOf('nats');
  const urlOf = async (name: string, variable: string) =>
    new URL((await secretsOf(name))[variable] ?? '').password;
  for (const name of ['api', 'worker', 'gateway'])
    expect(await urlOf(name, 'NATS_URL')).toBe(broker[`NATS_${name.toUpperCase()}_PASSWORD`]);
  expect(await urlOf('s3', 'VGW_EVENT_NATS_URL')).toBe(broker.NATS_STORAGE_PASSWORD);
});

describe.each(['api', 'worker', 'gateway'])('%s', (app) => {
  test('accepts its environment', async () => {
    const script = serviceNamed(app).command?.at(-1)?.split(' ').at(-1) ?? '';
    const { code, said } = await startToConfiguration(script, await environmentOf(app));
    expect(said).not.toContain('The configuration is not valid');
    expect(code).toBe(1);
  });
});
