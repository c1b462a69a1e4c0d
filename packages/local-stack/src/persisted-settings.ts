import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, isPortFree } from './free-port.ts';

/** Generated once per data directory. */
export interface Secrets {
  postgresPassword: string;
  readerPassword: string;
  s3AccessKeyId: string;
  s3SecretAccessKey: string;
  authJwtSecret: string;
  ticketSecret: string;
}

export type PortName = 'postgres' | 'nats' | 'natsMonitor' | 's3' | 's3Console' | 'clamav';

const generate: Record<keyof Secrets, () => string> = {
  postgresPassword: () => randomBytes(24).toString('hex'),
  readerPassword: () => randomBytes(24).toString('hex'),
  s3AccessKeyId: () => `claimcheck-${randomBytes(6).toString('hex')}`,
  s3SecretAccessKey: () => randomBytes(24).toString('hex'),
  authJwtSecret: () => randomBytes(32).toString('hex'),
  ticketSecret: () => randomBytes(32).toString('hex'),
};

/** Reads `secrets.json` of the data directory (mode 0600), generates missing values, and stores them. */
export const loadSecrets = async (dataDir: string): Promise<Secrets> => {
  const path = join(dataDir, 'secrets.json');
  const kept = await readObject(path);
  const secret = (name: keyof Secrets): string => {
    const value = kept[name];
    return typeof value === 'string' && value !== '' ? value : generate[name]();
  };
  const secrets: Secrets = {
    postgresPassword: secret('postgresPassword'),
    readerPassword: secret('readerPassword'),
    s3AccessKeyId: secret('s3AccessKeyId'),
    s3SecretAccessKey: secret('s3SecretAccessKey'),
    authJwtSecret: secret('authJwtSecret'),
    ticketSecret: secret('ticketSecret'),
  };
  await writeObject(path, { ...secrets });
  return secrets;
};

/** Returns the ports of the last start if they are still free, else new ones, and stores them in `ports.json`. */
export const choosePorts = async (dataDir: string): Promise<Record<PortName, number>> => {
  const path = join(dataDir, 'ports.json');
  const kept = await readObject(path);
  const taken = new Set<number>();
  const choose = async (name: PortName): Promise<number> => {
    const last = kept[name];
    const reusable = typeof last === 'number' && !taken.has(last) && (await isPortFree(last));
    const port = reusable ? last : await freePort(taken);
    taken.add(port);
    return port;
  };
  const ports = {
    postgres: await choose('postgres'),
    nats: await choose('nats'),
    natsMonitor: await choose('natsMonitor'),
    s3: await choose('s3'),
    s3Console: await choose('s3Console'),
    clamav: await choose('clamav'),
  };
  await writeObject(path, ports);
  return ports;
};

const readObject = async (path: string): Promise<Record<string, unknown>> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Falls through to the error below: generating new secrets would lock the user out of the data.
  }
  throw new Error(`${path} is not valid JSON; restore it, or remove the data directory to start afresh`);
};

/** Writes in one step: a crash leaves the old file or the new one. */
const writeObject = async (path: string, value: Record<string, unknown>): Promise<void> => {
  await writeFile(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
};
