import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { LoadGenerator } from '../load/load-generator.ts';
import { describeMachine } from '../measure/machine.ts';
import { median, rounded } from '../measure/median.ts';
import { minioTarget } from '../measure/storage-target.ts';
import type { BenchServer } from '../servers/bench-server.ts';
import { startOurs } from '../servers/start-ours.ts';
import type { Load } from '../upload/loads.ts';
import { type Bench, measureLoad, warmUp } from '../upload/measure-load.ts';
import { countSpans } from './count-spans.ts';
import { spanMicroseconds } from './measure-spans.ts';

const SMALL: Load = {
  name: '16x1MiB',
  clients: 16,
  size_bytes: 1_024 ** 2,
  min_seconds: 5,
  limit_seconds: 180,
  with_creation: false,
  unit: 'uploads/s',
  target: 'minio',
};

/** `off-again` equals `off`: their difference is the noise of the run. */
const WAYS = ['off', 'off-again', 'sampled-0', 'sampled-1'] as const;
type Way = (typeof WAYS)[number];

interface Measured {
  uploads_per_s: number;
  cpu_ms_per_upload: number;
}
type Round = Record<Way, Measured>;

const configurationOf = (way: Way, receiver: string): Record<string, string> =>
  way.startsWith('off')
    ? {}
    : { OTEL_EXPORTER_OTLP_ENDPOINT: receiver, OTEL_TRACES_SAMPLER_ARG: way === 'sampled-0' ? '0' : '1' };

/** Puts each under load in turn, while the others idle. */
const measureRound = async (
  servers: Record<Way, BenchServer>,
  order: readonly Way[],
  load: Load,
  bench: Bench,
): Promise<Round> => {
  const measured: Partial<Round> = {};
  for (const way of order) {
    const { speed, cpu_ms_per_upload } = await measureLoad(servers[way], load, bench);
    measured[way] = { uploads_per_s: speed, cpu_ms_per_upload };
  }
  return measured as Round;
};

/** Ratios are taken within a round; the result is their median, smallest and largest. */
const ratioToOff = (rounds: readonly Round[], way: Way, figure: 'uploads_per_s' | 'cpu_ms_per_upload') => {
  const ratios = rounds.map((round) => round[way][figure] / round.off[figure]);
  return {
    median: rounded(median(ratios)),
    least: rounded(Math.min(...ratios)),
    most: rounded(Math.max(...ratios)),
  };
};

const summarise = (rounds: readonly Round[], way: Way) => {
  const middle = (figure: keyof Measured) => rounded(median(rounds.map((round) => round[way][figure])));
  return {
    way,
    uploads_per_s: middle('uploads_per_s'),
    cpu_ms_per_upload: middle('cpu_ms_per_upload'),
    uploads_to_off: ratioToOff(rounds, way, 'uploads_per_s'),
    cpu_to_off: ratioToOff(rounds, way, 'cpu_ms_per_upload'),
  };
};

const toRow = ({ way, ...figures }: ReturnType<typeof summarise>) => [
  way,
  figures.uploads_per_s,
  figures.cpu_ms_per_upload,
  ...[figures.uploads_to_off, figures.cpu_to_off].map(
    ({ median: middle, least, most }) => `${middle} × (${least} to ${most})`,
  ),
];

/** Measures what tracing costs an api: switched off, on with nothing sampled, and on with a receiver of everything. */
export const tracingBench = async ({ options, stack, onProgress }: BenchContext): Promise<BenchReport> => {
  const load = options.quick ? { ...SMALL, min_seconds: 0.5 } : SMALL;
  const target = minioTarget(stack);
  const generator = new LoadGenerator();
  const receivers = { 'sampled-0': await countSpans(), 'sampled-1': await countSpans() };
  const started: BenchServer[] = [];
  try {
    const servers: Partial<Record<Way, BenchServer>> = {};
    for (const way of WAYS) {
      const ground = { stack, target, tusdProgram: undefined };
      const receiver = receivers[way === 'sampled-0' ? way : 'sampled-1'];
      const server = await startOurs(ground, configurationOf(way, receiver.url));
      started.push(server);
      servers[way] = server;
      await warmUp(server, load, { generator, target });
    }
    const rounds: Round[] = [];
    for (let number = 0; number < options.rounds; number += 1) {
      onProgress(`tracing: round ${number + 1} of ${options.rounds}`);
      const first = number % WAYS.length;
      const order = [...WAYS.slice(first), ...WAYS.slice(0, first)];
      const all = servers as Record<Way, BenchServer>;
      rounds.push(await measureRound(all, order, load, { generator, target }));
    }
    const spans = { sampled_0: receivers['sampled-0'].count, sampled_1: receivers['sampled-1'].count };
    if (spans.sampled_0 > 0 || spans.sampled_1 === 0)
      throw new Error(`these are not the configurations that were meant: spans ${JSON.stringify(spans)}`);
    const span_us = {
      off: await spanMicroseconds(undefined),
      sampled_0: await spanMicroseconds(0),
      sampled_1: await spanMicroseconds(1),
    };
    const ways = WAYS.map((way) => summarise(rounds, way));
    const head = ['tracing', 'uploads/s', 'CPU ms/upload', 'uploads/s to off', 'CPU to off'];
    return {
      result: { machine: describeMachine(), load: load.name, rounds: rounds.length, spans, span_us, ways },
      table: `${formatTable(head, ways.map(toRow))}\nµs of a span: ${JSON.stringify(span_us)}`,
    };
  } finally {
    await generator.stop();
    await Promise.all(started.map((server) => server.stop()));
    await Promise.all(Object.values(receivers).map((receiver) => receiver.close()));
    await target.close();
  }
};
