import { defineConfig } from 'vitest/config';

/** Conditions are waited for with patience: a machine that does much else is slow, and not wrong. */
const PATIENT = { poll: { timeout: 10_000 } };

export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{apps,packages}/*/src/**/*.test.ts', '{e2e/harness,e2e/structure,scripts}/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{apps,packages}/*/test/**/*.integration.test.ts'],
          globalSetup: ['e2e/setup/stack.ts'],
          expect: PATIENT,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.test.ts'],
          globalSetup: ['e2e/setup/stack.ts'],
          // Each file starts the whole system. Two at a time were tried: see docs/decisions/0014.
          fileParallelism: false,
          expect: PATIENT,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          // Long; only by `npm run soak`.
          name: 'soak',
          include: ['e2e/soak/*.soak.test.ts'],
          globalSetup: ['e2e/setup/stack.ts'],
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
