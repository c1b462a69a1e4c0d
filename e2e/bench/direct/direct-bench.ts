import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { LoadGenerator } from '../load/load-generator.ts';
import { describeMachine } from '../measure/machine.ts';
import { median, rounded } from '../measure/median.ts';
import { cpuSeconds, untilQuiet } from '../measure/process-usage.ts';
import { minioTarget, type StorageTarget } from '../measure/storage-target.ts';
import type { BenchServer } from '../servers/bench-server.ts';
import { startOurs } from '../servers/start-ours.ts';
import { uploadDirectly } from './direct-upload.ts';

const MIB = 1_024 ** 2;
const GIB = 1_024 ** 3;
const PARALLEL = 4;
const LIMIT_SECONDS = 300;

interface Measured {
  mib_per_s: number;
  /** Processor time of our api. */
  cpu_s_per_gib: number;
}

const measure = async (
  server: BenchServer,
  target: StorageTarget,
  size_bytes: number,
  upload: () => Promise<string>,
): Promise<Measured> => {
  const cpuBefore = await cpuSeconds(server.pid);
  const began = performance.now();
  const url = await upload();
  const seconds = (performance.now() - began) / 1_000;
  await untilQuiet(server.pid);
  const cpu = (await cpuSeconds(server.pid)) - cpuBefore;
  await server.checkFinished?.(url, server.tokens[0]);
  await target.empty(server.bucket);
  return { mib_per_s: size_bytes / MIB / seconds, cpu_s_per_gib: cpu / (size_bytes / GIB) };
};

const summarise = (way: string, size_bytes: number, rounds: readonly Measured[]) => ({
  way,
  size_mib: size_bytes / MIB,
  mib_per_s: Math.round(median(rounds.map(({ mib_per_s }) => mib_per_s))),
  cpu_s_per_gib: rounded(median(rounds.map(({ cpu_s_per_gib }) => cpu_s_per_gib)), 3),
});

/**
 * Uploads a large file directly to the storage, and next to it through tus, on the same MinIO in the same run. The api runs
 * without its background role, whose polls would otherwise make up most of a direct upload's apparent cost.
 */
export const directBench = async ({ options, stack, onProgress }: BenchContext): Promise<BenchReport> => {
  const [direct, tus] = options.quick ? [256 * MIB, 64 * MIB] : [5 * GIB, 1 * GIB];
  const target = minioTarget(stack);
  const generator = new LoadGenerator();
  const server = await startOurs({ stack, target, tusdProgram: undefined }, { ROLES: 'http' });
  try {
    const [token = ''] = server.tokens;
    const rounds: { direct: Measured[]; tus: Measured[] } = { direct: [], tus: [] };
    const byTus = async () => {
      const { sample } = await generator.run({
        endpoint: server.endpoint,
        tokens: server.tokens.slice(0, 1),
        clients: 1,
        size_bytes: tus,
        min_seconds: 0,
        limit_seconds: LIMIT_SECONDS,
        with_creation: false,
      });
      return sample.url;
    };
    const apiUrl = new URL(server.endpoint).origin;
    const order = { apiUrl, token, size_bytes: direct, parallel: PARALLEL };
    for (let round = 1; round <= options.rounds; round += 1) {
      onProgress(`direct against tus: round ${round} of ${options.rounds}`);
      rounds.tus.push(await measure(server, target, tus, byTus));
      rounds.direct.push(await measure(server, target, direct, () => uploadDirectly(order)));
    }
    const ways = [summarise('direct', direct, rounds.direct), summarise('tus', tus, rounds.tus)];
    return {
      result: {
        machine: describeMachine(),
        rounds: options.rounds,
        ways,
      },
      table: formatTable(
        ['way', 'MiB', 'MiB/s', 'api CPU s/GiB'],
        ways.map((way) => [way.way, way.size_mib, way.mib_per_s, way.cpu_s_per_gib]),
      ),
    };
  } finally {
    await generator.stop();
    await server.stop();
    await target.close();
  }
};
