import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { LoadGenerator } from '../load/load-generator.ts';
import { describeMachine } from '../measure/machine.ts';
import { rounded } from '../measure/median.ts';
import { peakMib, resetPeak, untilQuiet } from '../measure/process-usage.ts';
import { minioTarget } from '../measure/storage-target.ts';
import type { BenchServer, ServerName } from '../servers/bench-server.ts';
import { startServer } from '../servers/start-server.ts';
import { SlowClients } from './slow-clients.ts';

const MIB = 1_024 ** 2;
const FAST_MIB = 64;
const CONNECT_LIMIT_SECONDS = 18;
/** A fast upload that takes longer than this counts as blocked. */
const BLOCKED_AFTER_SECONDS = 20;

interface Outcome {
  clients: number;
  alone_mib_s: number;
  /** 0 when the fast upload was blocked. */
  with_slow_mib_s: number;
  peak_mib: number;
}

/** MiB/s of one client that makes one upload of 64 MiB after the other. */
const fastSpeed = async (generator: LoadGenerator, server: BenchServer, seconds: number): Promise<number> => {
  const result = await generator.run({
    endpoint: server.endpoint,
    tokens: server.tokens,
    clients: 1,
    size_bytes: FAST_MIB * MIB,
    min_seconds: seconds,
    limit_seconds: BLOCKED_AFTER_SECONDS,
    with_creation: false,
  });
  return (result.uploads * FAST_MIB) / result.seconds;
};

const measure = async (
  server: BenchServer,
  generator: LoadGenerator,
  slow: SlowClients,
  { options }: BenchContext,
): Promise<Outcome> => {
  const seconds = options.quick ? 1 : 5;
  await fastSpeed(generator, server, 1);
  await untilQuiet(server.pid);
  const alone = await fastSpeed(generator, server, seconds);
  await resetPeak(server.pid);
  const connected = await slow.connect(server, options.clients, CONNECT_LIMIT_SECONDS);
  if (server.name === 'ours' && connected < options.clients)
    throw new Error(`only ${connected} clients were connected after ${CONNECT_LIMIT_SECONDS} s`);
  // The stock server is known to block here; ours must not, so its error is not a speed of 0.
  const attempt = fastSpeed(generator, server, seconds);
  const together = server.name === 'ours' ? await attempt : await attempt.catch(() => 0);
  const peak = await peakMib(server.pid);
  return {
    clients: await slow.count(),
    alone_mib_s: alone,
    with_slow_mib_s: together,
    peak_mib: peak,
  };
};

const measureServer = async (name: ServerName, context: BenchContext): Promise<Outcome> => {
  const target = minioTarget(context.stack);
  const generator = new LoadGenerator();
  const slow = new SlowClients();
  let server: BenchServer | undefined;
  try {
    server = await startServer(name, { stack: context.stack, target, tusdProgram: undefined });
    const outcome = await measure(server, generator, slow, context);
    context.onProgress(
      `${name}: ${outcome.alone_mib_s.toFixed(1)} MiB/s alone, ${outcome.with_slow_mib_s.toFixed(1)} with ${outcome.clients} slow clients`,
    );
    return outcome;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${name}: ${reason}\n${server?.logTail() ?? ''}`, { cause: error });
  } finally {
    await Promise.all([slow.stop(), generator.stop()]);
    await server?.stop();
    await target.close();
  }
};

const ratioOf = (outcome: Outcome): number => rounded(outcome.with_slow_mib_s / outcome.alone_mib_s);

const toRow = (name: string, outcome: Outcome) => [
  name,
  outcome.clients,
  rounded(outcome.alone_mib_s),
  rounded(outcome.with_slow_mib_s),
  ratioOf(outcome),
  rounded(outcome.peak_mib),
];

/** Measures a fast client's speed while thousands of slow ones each hold an upload open: ours and stock. */
export const slowClientsBench = async (context: BenchContext): Promise<BenchReport> => {
  const ours = await measureServer('ours', context);
  const stock = await measureServer('stock', context);
  return {
    result: {
      machine: describeMachine(),
      clients: ours.clients,
      fast_alone_mib_s: rounded(ours.alone_mib_s),
      fast_with_slow_mib_s: rounded(ours.with_slow_mib_s),
      ratio: ratioOf(ours),
      peak_mib: rounded(ours.peak_mib),
      stock_ratio: ratioOf(stock),
    },
    table: formatTable(
      ['server', 'slow clients', 'alone MiB/s', 'with slow MiB/s', 'ratio', 'peak MiB'],
      [toRow('ours', ours), toRow('stock', stock)],
    ),
  };
};
