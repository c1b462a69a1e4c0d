import type { LoadGenerator } from '../load/load-generator.ts';
import type { SampleUpload } from '../load/load-messages.ts';
import { cpuSeconds, peakMib, resetPeak, untilQuiet } from '../measure/process-usage.ts';
import type { StorageTarget } from '../measure/storage-target.ts';
import type { BenchServer } from '../servers/bench-server.ts';
import type { Load } from './loads.ts';

const MIB = 1_024 ** 2;
const GIB = 1_024 ** 3;

/** One server under one load, once. */
export interface Measurement {
  /** In the load's unit. */
  speed: number;
  cpu_s_per_gib: number;
  cpu_ms_per_upload: number;
  s3_requests_per_upload: number;
  peak_mib: number;
}

export interface Bench {
  generator: LoadGenerator;
  target: StorageTarget;
}

/** Compares stored bytes with the sent ones, without which the figures mean nothing. */
const verify = async (server: BenchServer, target: StorageTarget, sample: SampleUpload): Promise<void> => {
  await server.checkFinished?.(sample.url, sample.token);
  const stored = await target.sha256Of(server.bucket, server.prefixOf(sample.url), sample.size_bytes);
  if (stored !== undefined && stored !== sample.sha256)
    throw new Error(`${server.name} stored other bytes than were uploaded to ${sample.url}`);
};

const orderOf = (server: BenchServer, load: Load) => ({
  ...load,
  endpoint: server.endpoint,
  tokens: server.tokens,
});

/** Lets caches, connection pools and the JIT settle. */
export const warmUp = async (
  server: BenchServer,
  load: Load,
  { generator, target }: Bench,
): Promise<void> => {
  const order = { ...orderOf(server, load), min_seconds: Math.min(load.min_seconds, 2) };
  const size_bytes = Math.min(load.size_bytes, 64 * MIB);
  await generator.run({ ...order, size_bytes, clients: Math.min(load.clients, 8) });
  await untilQuiet(server.pid);
  await target.empty(server.bucket);
};

/** @throws when an upload fails, is stored wrongly, or takes longer than the load's limit */
export const measureLoad = async (
  server: BenchServer,
  load: Load,
  { generator, target }: Bench,
): Promise<Measurement> => {
  await resetPeak(server.pid);
  const requestsBefore = await target.countRequests();
  const cpuBefore = await cpuSeconds(server.pid);
  const { seconds, uploads, sample } = await generator.run(orderOf(server, load));
  // Deferred work (a relay, a clean-up) belongs to the uploads that caused it.
  await untilQuiet(server.pid);
  const cpu = (await cpuSeconds(server.pid)) - cpuBefore;
  const requests = (await target.countRequests()) - requestsBefore;
  const peak = await peakMib(server.pid);
  await verify(server, target, sample);
  await target.empty(server.bucket);
  const bytes = uploads * load.size_bytes;
  return {
    speed: (load.unit === 'MiB/s' ? bytes / MIB : uploads) / seconds,
    cpu_s_per_gib: cpu / (bytes / GIB),
    cpu_ms_per_upload: (cpu * 1_000) / uploads,
    s3_requests_per_upload: requests / uploads,
    peak_mib: peak,
  };
};
