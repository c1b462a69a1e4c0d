// What `npm run bench -- <name>` runs.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePrograms } from '../harness/ensure-programs.ts';
import { type Bench, withBenchContext } from './bench-context.ts';
import { type BenchOptions, readOptions, UsageError } from './bench-options.ts';
import { directBench } from './direct/direct-bench.ts';
import { downloadBench } from './download/download-bench.ts';
import { gatewayBench } from './gateway/gateway-bench.ts';
import { journeyBench } from './journey/journey-bench.ts';
import { pipelineBench } from './pipeline/pipeline-bench.ts';
import { relayBench } from './relay/relay-bench.ts';
import { pruneBench } from './scale/prune-bench.ts';
import { scaleBench } from './scale/scale-bench.ts';
import { slowClientsBench } from './slow-clients/slow-clients-bench.ts';
import { tracingBench } from './tracing/tracing-bench.ts';
import { uploadBench } from './upload/upload-bench.ts';

const RESULTS = fileURLToPath(new URL('../../bench/results/', import.meta.url));

const BENCHES: Record<string, Bench> = {
  download: downloadBench,
  direct: directBench,
  gateway: gatewayBench,
  journey: journeyBench,
  pipeline: pipelineBench,
  prune: pruneBench,
  relay: relayBench,
  scale: scaleBench,
  'slow-clients': slowClientsBench,
  tracing: tracingBench,
  upload: uploadBench,
};

/** Benches with a worker, which does not start without ffmpeg. */
const WITH_WORKER: readonly string[] = ['pipeline', 'journey', 'prune', 'scale'];

/** A partial or quick run must not replace the figures of a complete one. */
const resultFile = (options: BenchOptions): string | undefined => {
  if (options.out !== undefined) return resolve(options.out);
  const whole = !options.quick && options.loads.length === 0 && options.servers.length === 0;
  return whole ? `${RESULTS}${options.name}.json` : undefined;
};

const run = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2), process.env);
  const bench = BENCHES[options.name];
  if (bench === undefined)
    throw new UsageError(`npm run bench -- <name>, where name is one of ${Object.keys(BENCHES).join(', ')}`);
  if (WITH_WORKER.includes(options.name)) await ensurePrograms(['ffmpeg'], process.env);
  const { result, table } = await withBenchContext(options, process.env, bench);
  process.stdout.write(`${table}\n`);
  const file = resultFile(options);
  if (file === undefined) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
};

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof UsageError ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 64 : 1;
});
