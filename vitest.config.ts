import { defineConfig } from 'vitest/config';

/** Conditions are waited for with patience: a machine that does much else is slow, and not wrong. */
const PATIENT = { poll: { timeout: 10_000 } };

/** A whole system each: the tests of a file share what it starts. */
const SYSTEM = {
  globalSetup: ['e2e/setup/stack.ts'],
  // Two at a time were tried: see docs/decisions/0014.
  fileParallelism: false,
  expect: PATIENT,
  testTimeout: 120_000,
  hookTimeout: 180_000,
};

/** One journey for each capability; `npm test` runs these of the end-to-end tests. */
const JOURNEYS = [
  'tests/first-path',
  'tests/upload-protocol',
  'tests/interrupted-upload',
  'tests/downloads',
  'tests/cli',
  'clients/tus-js-node',
  'direct/direct-uploads',
  'hls/hls',
  'sdk/uploads',
  'sdk/conversations',
  'web/two-people',
  'web/uploads',
];

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
          // They wait for servers more than they compute.
          maxWorkers: '150%',
          globalSetup: ['e2e/setup/stack.ts'],
          expect: PATIENT,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      { test: { name: 'e2e', include: ['e2e/**/*.e2e.test.ts'], ...SYSTEM } },
      { test: { name: 'journeys', include: JOURNEYS.map((name) => `e2e/${name}.e2e.test.ts`), ...SYSTEM } },
      { test: { name: 'drills', include: ['e2e/drills/*.drill.test.ts'], ...SYSTEM } },
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
