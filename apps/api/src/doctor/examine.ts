import type { Database } from '@claimcheck/database/database';
import { signToken } from '@claimcheck/platform/auth/sign-token';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Config } from '../config.ts';
import { askStorageTime } from './ask-storage-time.ts';
import { attempt } from './attempt.ts';
import { type Check, skipped } from './check.ts';
import { checkBroker } from './check-broker.ts';
import { checkBucket } from './check-bucket.ts';
import { checkClientAddresses } from './check-client-addresses.ts';
import { checkHeaders } from './check-headers.ts';
import { checkPostgres } from './check-postgres.ts';
import { checkGateway, checkPublicUrl } from './check-public-urls.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkSync } from './check-sync.ts';
import { checkTransport } from './check-transport.ts';
import { checkUpload } from './check-upload.ts';
import { checkWebhook } from './check-webhook.ts';
import { checkWiring } from './check-wiring.ts';
import { checkWorkers, LANES } from './check-workers.ts';
import { probeRing } from './probe-ring.ts';

export interface Patient {
  config: Config;
  database: Database;
  storage: Storage;
  /** The bus, or the reason why there is none. */
  bus: Bus | Check;
  /** A user's token for an upload; without one, the doctor signs its own if it can. */
  token: string | undefined;
  /** Longest time for a probe of the ring. */
  timeoutMs: number;
}

const USER = 'claimcheck-doctor';
const MONITOR_PATIENCE_MS = 5_000;
/** Time for the checks before and after a probe, in addition to the probe's own. */
const AROUND_MS = 10_000;

const isBus = (bus: Bus | Check): bus is Bus => 'subjects' in bus;

const RING_FIX = 'first fix the broker and Postgres';

/** Checks the ring, its workers' reports, and then the wiring, so that an answer from elsewhere is noticed. */
const examineRing = async ({ config, database, timeoutMs }: Patient, bus: Bus): Promise<Check[]> => {
  const rings = await Promise.all(LANES.map((lane) => probeRing(database, bus, lane, timeoutMs)));
  const reports = rings.flatMap(({ worker }) => (worker === undefined ? [] : [worker]));
  return [...(await checkWiring(bus)), ...rings.map(({ check }) => check), ...checkWorkers(config, reports)];
};

const withoutBus = (why: Check): Check[] => [
  why,
  ...['jetstream', 'wiring', ...LANES.map((lane) => `ring ${lane}`), 'scanner'].map((name) =>
    skipped(name, 'first fix the broker'),
  ),
];

const examineBroker = async (patient: Patient): Promise<Check[]> => {
  const { bus, config, timeoutMs } = patient;
  const sync = attempt('nats sync', 'correct NATS_MONITOR_URL, or let the doctor reach it', async () => [
    await checkSync(config.natsMonitorUrl, AbortSignal.timeout(MONITOR_PATIENCE_MS)),
  ]);
  if (!isBus(bus)) return [...withoutBus(bus), ...(await sync)];
  const broker = await attempt('nats', 'read the log of nats-server', () => checkBroker(bus));
  const ring = await attempt('ring', RING_FIX, () => examineRing(patient, bus), timeoutMs + AROUND_MS);
  return [...broker, ...(await sync), ...ring];
};

/** Checks the clients' path, through every proxy in front of the api. */
const examineApiEntrance = async (config: Config, token: string | undefined): Promise<Check[]> => {
  const api = await checkPublicUrl(config);
  const [upload, headers] = ['upload through PUBLIC_URL', 'headers through PUBLIC_URL'] as const;
  if (!api.ok) return [api, ...[upload, headers].map((name) => skipped(name, 'first fix PUBLIC_URL'))];
  const fix = 'read the log of the api';
  const parts = await Promise.all([
    attempt(upload, fix, async () => [await checkUpload(config, token)]),
    attempt(headers, fix, async () => [await checkHeaders(config, token)]),
  ]);
  return [api, ...parts.flat()];
};

/** The check of addresses does not wait for the WebSocket: a proxy may fail at one of the two only. */
const examineGatewayEntrance = async (config: Config): Promise<Check[]> => {
  const name = 'client addresses';
  const fix = 'first fix GATEWAY_PUBLIC_URL';
  const [gateway, addresses] = await Promise.all([
    checkGateway(config),
    attempt(name, fix, async () => [await checkClientAddresses(config)]),
  ]);
  return [gateway, ...addresses];
};

const examineEntrances = async ({ config, token }: Patient): Promise<Check[]> => {
  const parts = await Promise.all([
    examineApiEntrance(config, token ?? signToken(config.token, USER, '5m')),
    examineGatewayEntrance(config),
  ]);
  return parts.flat();
};

/** Checks everything that the configuration names, in parallel; each problem is a line. */
export const examine = async (patient: Patient): Promise<Check[]> => {
  const { config, database, storage, bus } = patient;
  const parts = await Promise.all([
    checkSecrets(config),
    checkPostgres(database, config.databaseUrl),
    examineBroker(patient),
    checkTransport(config, database, isBus(bus) ? bus : undefined),
    checkBucket({ config, storage, bus: isBus(bus) ? bus : undefined }),
    attempt('clock of the store', 'see S3_ENDPOINT', () => askStorageTime(config.storage.endpoint, storage)),
    examineEntrances(patient),
    attempt('webhook', 'see WEBHOOK_URL', async () => [
      await checkWebhook(config, isBus(bus) ? bus : undefined),
    ]),
  ]);
  return parts.flat();
};
