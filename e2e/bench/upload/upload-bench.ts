import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { LoadGenerator } from '../load/load-generator.ts';
import { describeMachine } from '../measure/machine.ts';
import { minioTarget, type StorageTarget } from '../measure/storage-target.ts';
import { SERVER_NAMES, type ServerName } from '../servers/bench-server.ts';
import { startSink } from '../sink/start-sink.ts';
import { compareServers } from './compare-servers.ts';
import { chooseLoads, type Load } from './loads.ts';
import { type LoadSummary, summariseLoad } from './summarise-load.ts';

const serversFor = (load: Load, { options }: BenchContext): ServerName[] =>
  SERVER_NAMES.filter(
    (name) =>
      (options.servers.length === 0 || options.servers.includes(name)) &&
      (load.servers?.includes(name) ?? true) &&
      (name !== 'tusd' || options.tusd_program !== undefined),
  );

const openTarget = async (load: Load, { stack }: BenchContext): Promise<StorageTarget> =>
  load.target === 'sink' ? startSink() : minioTarget(stack);

const toRows = (summary: LoadSummary, unit: Load['unit']) =>
  SERVER_NAMES.filter((name) => summary[name] !== undefined).map((name) => [
    summary.load,
    name,
    `${summary[name]} ${unit}`,
    name === 'ours' || summary[`ratio_${name}`] === undefined ? '' : `${summary[`ratio_${name}`]} ×`,
    summary.cpu_s_per_gib[name],
    summary.cpu_ms_per_upload[name],
    summary.s3_requests_per_upload[name],
    summary.peak_mib[name],
  ]);

const toTable = (loads: readonly Load[], summaries: readonly LoadSummary[]): string =>
  formatTable(
    ['load', 'server', 'speed', 'ours is', 'CPU s/GiB', 'CPU ms/upload', 'S3 requests', 'peak MiB'],
    summaries.flatMap((summary, index) => toRows(summary, loads[index]?.unit ?? 'MiB/s')),
  );

/** Measures our api, stock @tus/server, bare Node and tusd on the same MinIO in the same run. */
export const uploadBench = async (context: BenchContext): Promise<BenchReport> => {
  const { options, stack, onProgress } = context;
  const loads = chooseLoads({ ...options, only: options.loads });
  const generator = new LoadGenerator();
  const summaries: LoadSummary[] = [];
  try {
    for (const load of loads) {
      const target = await openTarget(load, context);
      try {
        const rounds = await compareServers({
          load,
          servers: serversFor(load, context),
          rounds: load.rounds ?? options.rounds,
          ground: { stack, target, tusdProgram: options.tusd_program },
          bench: { generator, target },
          onProgress,
        });
        summaries.push(summariseLoad(load, rounds));
      } finally {
        await target.close();
      }
    }
  } finally {
    await generator.stop();
  }
  return { result: { machine: describeMachine(), loads: summaries }, table: toTable(loads, summaries) };
};
