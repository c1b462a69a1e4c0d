import { z } from 'zod';
import { camelCased } from '../../src/process/camel-case.ts';
import { commonVariables, readConfig, wholeNumber } from '../../src/process/config.ts';
import { runProcess } from '../../src/process/run-process.ts';
import { expectAnswer } from '../../src/process/start-error.ts';

const schema = z.object({
  ...commonVariables,
  LIMIT: wholeNumber(1, 10).default(1),
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

await runProcess({
  name: 'example',
  readConfig: (env) => camelCased(readConfig(schema, env)),
  start: async ({ fail }, { shutdown, logger }) => {
    shutdown.add('opened first', () => logger.info('closed'));
    logger.info('starting');
    await failures[fail]();
    const alive = setInterval(() => {}, 1_000);
    shutdown.add('work', () => clearInterval(alive));
    return { answer: 42 };
  },
});
