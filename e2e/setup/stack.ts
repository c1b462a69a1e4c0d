import type { TestProject } from 'vitest/node';
import { findRunningStack } from './running-stack.ts';
import { startTestStack, type TestStack } from './start-test-stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Environment variables of the running servers: DATABASE_URL, NATS_URL, S3_…, CLAMAV_…. */
    stack: Record<string, string>;
  }
}

declare global {
  /** The run's servers, and how many of its projects use them: each project loads this module for itself. */
  var testStack: { started: Promise<TestStack>; users: number } | undefined;
}

/**
 * Provides real Postgres, NATS, S3 and clamd to a project of a test run: those of `npm run test:stack` when it
 * runs, else those of this run, which its projects share. Each test file takes its own database and APP_NAME.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const running = await findRunningStack();
  if (running !== undefined) {
    project.provide('stack', running);
    return undefined;
  }
  globalThis.testStack ??= { started: startTestStack(), users: 0 };
  const shared = globalThis.testStack;
  shared.users += 1;
  const { env, stop } = await shared.started;
  project.provide('stack', env);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    globalThis.testStack = undefined;
    await stop();
  };
}
