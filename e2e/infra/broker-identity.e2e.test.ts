import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '@claimcheck/local-stack/find-program';
import { freePort } from '@claimcheck/local-stack/free-port';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';
import { natsServerProgram } from '@claimcheck/local-stack/programs';
import type { BrokerFiles } from '@claimcheck/platform/nats/broker-connection';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger } from '@claimcheck/platform/process/logger';
import { nkeys } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CertificateAuthority } from '../harness/certificates.ts';

let folder: string;
let broker: ManagedService | undefined;
const inFolder = (name: string) => join(folder, name);

/** A certificate authority with certificates for the broker and a client, and a client certificate of another authority. */
const makeCertificates = async (): Promise<void> => {
  const ours = await CertificateAuthority.create(folder, 'ca');
  for (const name of ['broker', 'client']) await ours.certify(name, ['DNS:localhost']);
  const other = await CertificateAuthority.create(folder, 'other-ca');
  await other.certify('stranger', ['DNS:localhost']);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-broker-'));
  await makeCertificates();
});
afterEach(async () => {
  await broker?.stop();
  broker = undefined;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** @param lines of its configuration. @returns its port */
const startBroker = async (...lines: string[]): Promise<number> => {
  const port = await freePort();
  const monitor = await freePort(new Set([port]));
  const file = inFolder('nats-server.conf');
  const addresses = [`listen: "127.0.0.1:${port}"`, `http: "127.0.0.1:${monitor}"`];
  await writeFile(file, [...addresses, ...lines, ''].join('\n'));
  broker = await startProcess({
    name: 'nats with identities',
    command: await findProgram(natsServerProgram, { env: process.env, onProgress: () => {} }),
    args: ['-c', file],
    env: {},
    cwd: folder,
    ready: async () => (await fetch(`http://127.0.0.1:${monitor}/healthz`)).ok,
    timeoutMs: 30_000,
  });
  return port;
};

/** Resolves when the broker has answered. */
const connect = async (url: string, files: BrokerFiles): Promise<void> => {
  const logger = createLogger('broker-identity', 'silent');
  const bus = await Bus.connect({ url, files, name: 'api', appName: 'identity', logger });
  try {
    await bus.connection.flush();
  } finally {
    await bus.close();
  }
};

const write = async (name: string, content: string): Promise<string> => {
  await writeFile(inFolder(name), content, { mode: 0o600 });
  return inFolder(name);
};

const seedOf = (pair: nkeys.KeyPair): string => new TextDecoder().decode(pair.getSeed());

test('an nkey is proven with the seed in its file, and another one is refused', async () => {
  const user = nkeys.createUser();
  const port = await startBroker(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
  const url = `nats://127.0.0.1:${port}`;
  await connect(url, { nkey: await write('user.nk', `${seedOf(user)}\n`) });
  const other = await write('other.nk', seedOf(nkeys.createUser()));
  await expect(connect(url, { nkey: other })).rejects.toThrow(/authorization/i);
  await expect(connect(url, {})).rejects.toThrow(/authorization/i);
});

test('the broker and the client verify each other by certificate', async () => {
  const port = await startBroker(
    `tls { cert_file: "${inFolder('broker.pem')}", key_file: "${inFolder('broker.key')}",`,
    `  ca_file: "${inFolder('ca.pem')}", verify: true }`,
  );
  const url = `tls://localhost:${port}`;
  const certificateAuthority = inFolder('ca.pem');
  const as = (name: string) => ({ certificate: inFolder(`${name}.pem`), key: inFolder(`${name}.key`) });
  await connect(url, { certificateAuthority, ...as('client') });
  await expect(connect(url, { certificateAuthority })).rejects.toThrow();
  await expect(connect(url, { certificateAuthority, ...as('stranger') })).rejects.toThrow();
  await expect(connect(url, as('client'))).rejects.toThrow(/certificate/i);
  await expect(
    connect(url, { certificateAuthority: inFolder('other-ca.pem'), ...as('client') }),
  ).rejects.toThrow(/certificate/i);
});

/** A JSON Web Token as NATS signs them: Ed25519 with the issuer's nkey. */
const signToken = (issuer: nkeys.KeyPair, subject: nkeys.KeyPair, nats: object): string => {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1_000);
  const claims = { jti: randomUUID(), iat, iss: issuer.getPublicKey(), sub: subject.getPublicKey(), nats };
  const text = `${encoded({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encoded({ name: 'claimcheck', ...claims })}`;
  return `${text}.${Buffer.from(issuer.sign(new TextEncoder().encode(text))).toString('base64url')}`;
};

test('a credentials file of an operator-mode cluster opens its account', async () => {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  const unlimited = {
    subs: -1,
    conn: -1,
    leaf: -1,
    imports: -1,
    exports: -1,
    data: -1,
    payload: -1,
    wildcards: true,
  };
  const accountToken = signToken(operator, account, { type: 'account', version: 2, limits: unlimited });
  const port = await startBroker(
    `operator: ${signToken(operator, operator, { type: 'operator', version: 2 })}`,
    'resolver: MEMORY',
    `resolver_preload: { ${account.getPublicKey()}: ${accountToken} }`,
  );
  const credentialsOf = (issuer: nkeys.KeyPair) =>
    [
      '-----BEGIN NATS USER JWT-----',
      signToken(issuer, user, { type: 'user', version: 2, subs: -1, data: -1, payload: -1 }),
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      seedOf(user),
      '------END USER NKEY SEED------',
      '',
    ].join('\n');
  const url = `nats://127.0.0.1:${port}`;
  await connect(url, { credentials: await write('user.creds', credentialsOf(account)) });
  const forged = await write('forged.creds', credentialsOf(nkeys.createAccount()));
  await expect(connect(url, { credentials: forged })).rejects.toThrow(/authorization/i);
});
