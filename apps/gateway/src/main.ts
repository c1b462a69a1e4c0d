import { runProcess } from '@claimcheck/platform/process/run-process';

// Added to the time that clients have to move to another process.
const LONGEST_STEP_MS = 10_000;

await runProcess({
  name: 'gateway',
  loadConfig: async () => (await import('./config.ts')).readGatewayConfig,
  longestStepMs: ({ drainTime }) => drainTime + LONGEST_STEP_MS,
  start: async (config, tools) => {
    const { startGateway } = await import('./start-gateway.ts');
    const { port, adminPort } = await startGateway(config, tools);
    return { port, admin_port: adminPort };
  },
});
