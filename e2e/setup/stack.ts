import type { TestProject } from 'vitest/node';
import { findRunningStack } from './running-stack.ts';
import { startTestStack } from './start-test-stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Environment variables of the running servers: DATABASE_URL, NATS_URL, S3_…, CLAMAV_…. */
    stack: Record<string, string>;
  }
}

/**
 * Provides real Postgres, NATS, S3 and clamd to a test run: those of `npm run test:stack` when it runs, else
 * its own. Each test file takes its own database and APP_NAME.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const running = await findRunningStack();
  if (running !== undefined) {
    project.provide('stack', running);
    return undefined;
  }
  const stack = await startTestStack();
  project.provide('stack', stack.env);
  return stack.stop;
}
