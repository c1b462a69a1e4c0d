import { defineConfig } from 'vitest/config';

/** Conditions are waited for with patience: a machine that does much else is slow, and not wrong. */
const PATIENT = { poll: { timeout: 10_000 } };

/** A whole system each: the tests of a file share what it starts. */
const SYSTEM = {
  globalSetup: ['e2e/setup/stack.ts'],
  expect: PATIENT,
  testTimeout: 120_000,
  hookTimeout: 180_000,
};

/** One file at a time, after all others. */
const ALONE = { ...SYSTEM, fileParallelism: false };

/** Most of such a file is waiting: for time-outs, restarts and announcements. See docs/decisions/0017. */
const IN_PAIRS = { ...SYSTEM, maxWorkers: 2, sequence: { groupOrder: 3 } };

const endToEnd = (name: string) => `e2e/${name}.e2e.test.ts`;
const drill = (name: string) => `e2e/drills/${name}.drill.test.ts`;

/** These need the machine: they measure, race a clock or a cut, start many processes, or change the bucket's rules. */
export const E2E_ALONE = [
  'clients/{browser,tus-*,tuspy}',
  'defects/*',
  'hls/*',
  'infra/upgrade',
  'sdk/{direct,expiring,film}',
  'tests/{upload-protocol,video-expiry}',
  'web/{expiry,films,looks,missed,two-people,uploads}',
].map(endToEnd);
export const DRILLS_ALONE = [
  'abuse',
  'gateway-members',
  'killed-on-the-way',
  'many-conversations',
  'reconnect-storm',
  's3-faults',
  'two-replicas',
].map(drill);

/** One journey for each capability; `npm test` runs these of the end-to-end tests. */
export const JOURNEYS = [
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
].map(endToEnd);

export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{apps,packages}/*/src/**/*.test.ts', '{e2e/harness,e2e/structure,scripts}/**/*.test.ts'],
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{apps,packages}/*/test/**/*.integration.test.ts'],
          // They wait for servers more than they compute.
          maxWorkers: '150%',
          sequence: { groupOrder: 2 },
          globalSetup: ['e2e/setup/stack.ts'],
          expect: PATIENT,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      { test: { name: 'e2e', include: [endToEnd('**/*')], exclude: E2E_ALONE, ...IN_PAIRS } },
      { test: { name: 'e2e-alone', include: E2E_ALONE, ...ALONE } },
      { test: { name: 'drills', include: [drill('*')], exclude: DRILLS_ALONE, ...IN_PAIRS } },
      { test: { name: 'drills-alone', include: DRILLS_ALONE, ...ALONE } },
      { test: { name: 'journeys', include: JOURNEYS, ...ALONE } },
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
