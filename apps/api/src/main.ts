import { runProcess } from '@claimcheck/platform/process/run-process';

await runProcess({
  name: 'api',
  loadConfig: async () => (await import('./config.ts')).readApiConfig,
  start: async (config, tools) => {
    const { startApi } = await import('./roles/start-api.ts');
    return startApi(config, tools);
  },
});
