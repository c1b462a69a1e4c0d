import { runProcess } from '@claimcheck/platform/process/run-process';

await runProcess({
  name: 'worker',
  loadConfig: async () => (await import('./config.ts')).readWorkerConfig,
  start: async (config, tools) => {
    const { startWorker } = await import('./compose.ts');
    return startWorker(config, tools);
  },
});
