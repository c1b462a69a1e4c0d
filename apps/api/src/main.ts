import { runProcess } from '@claimcheck/platform/process/run-process';
import { readApiConfig } from './config.ts';

await runProcess({
  name: 'api',
  readConfig: readApiConfig,
  start: async (config, tools) => {
    const { startApi } = await import('./roles/start-api.ts');
    return startApi(config, tools);
  },
});
