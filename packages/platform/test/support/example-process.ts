import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { camelCased } from '../../src/process/camel-case.ts';
import { commonVariables, readConfig, wholeNumber } from '../../src/process/config.ts';
import { runProcess } from '../../src/process/run-process.ts';
import { expectAnswer } from '../../src/process/start-error.ts';

const schema = z.object({
  ...commonVariables,
  LIMIT: wholeNumber(1, 10).default(1),
  /** Number of 64 KiB buffers that come and go before the process is ready. */
  BUFFERS: wholeNumber(0, 100_000).default(0),
  FAIL: z.enum(['never', 'server', 'bug', 'hang']).default('never'),
});

const failures = {
  never: async () => undefined,
  server: () =>
    expectAnswer({ name: 'Postgres', variable: 'DATABASE_URL' }, () =>
      Promise.reject(new Error('connect ECONNREFUSED')),
    ),
  bug: () => Promise.reject(new TypeError('undefined is not a function')),
  hang: () => new Promise(() => setInterval(() => {}, 1_000)),
};

/** Counts full collections while that many buffers come and go, next to a heap as large as a server's. */
const fullCollections = async (buffers: number): Promise<number> => {
  const live = Array.from({ length: 300_000 }, (_, index) => ({ index, list: [index] }));
  const observer = new PerformanceObserver(() => {});
  observer.observe({ entryTypes: ['gc'] });
  for (let made = 0; made < buffers; made += 1) {
    Buffer.allocUnsafeSlow(65_536);
    if (made % 100 === 0) await turn();
  }
  await turn();
  const full = observer.takeRecords().filter((entry) => {
    const { detail } = entry as unknown as { detail: { kind: number } };
    return detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
  });
  // Using it keeps the heap alive until here.
  return live.length === 0 ? 0 : full.length;
};

await runProcess({
  name: 'example',
  loadConfig: async () => (env) => camelCased(readConfig(schema, env)),
  start: async ({ fail, buffers }, { shutdown, logger }) => {
    shutdown.add('opened first', () => logger.info('closed'));
    logger.info('starting');
    await failures[fail]();
    const alive = setInterval(() => {}, 1_000);
    shutdown.add('work', () => clearInterval(alive));
    return { answer: 42, fullCollections: await fullCollections(buffers) };
  },
});
