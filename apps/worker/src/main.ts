import { runProcess } from '@claimcheck/platform/process/run-process';
import { readWorkerConfig } from './config.ts';

await runProcess({
  name: 'worker',
  readConfig: readWorkerConfig,
  start: async (config, tools) => {
    const { startWorker } = await import('./compose.ts');
    return startWorker(config, tools);
  },
});
