// What `npm test` and its siblings run; ends with one line that adds up every check and test.
//
//   node e2e/run-tests.ts <layer> [part of a file's path …]
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ensurePrograms } from './harness/ensure-programs.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const REPORT = fileURLToPath(new URL('./artefacts/vitest.json', import.meta.url));
const BIN = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url));
const EX_USAGE = 64;

type Check = readonly [name: string, program: string, args: readonly string[]];

const CHECKS: readonly Check[] = [
  ['types', 'turbo', ['run', 'typecheck', '--output-logs=errors-only']],
  ['format and lint', 'biome', ['check', '.']],
  ['boundaries', 'turbo', ['boundaries']],
  ['unused code', 'knip', []],
  ['wording', 'node', ['scripts/prose/check-prose.ts']],
];

/** The browser tests open the built demo and the packed SDK. */
const BUILD: Check = ['build of the demo', 'turbo', ['run', 'build', '--output-logs=errors-only']];

interface Layer {
  checks: readonly Check[];
  projects: readonly string[];
}

const LAYERS: Readonly<Record<string, Layer>> = {
  check: { checks: CHECKS, projects: [] },
  unit: { checks: [], projects: ['unit'] },
  integration: { checks: [], projects: ['integration'] },
  e2e: { checks: [BUILD], projects: ['e2e', 'e2e-alone'] },
  drills: { checks: [], projects: ['drills', 'drills-alone'] },
  /** `npm test`: ten minutes at most on two cores. */
  daily: { checks: [...CHECKS, BUILD], projects: ['unit', 'integration', 'journeys'] },
  all: {
    checks: [...CHECKS, BUILD],
    projects: ['unit', 'integration', 'e2e', 'drills', 'e2e-alone', 'drills-alone'],
  },
};

interface Totals {
  passed: number;
  failed: number;
}

const run = (program: string, args: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(`${BIN}${program}`, args, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        PATH: `${BIN}:${process.env.PATH ?? ''}`,
        TURBO_TELEMETRY_DISABLED: '1',
        DO_NOT_TRACK: '1',
      },
    });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });

const runChecks = async (checks: readonly Check[]): Promise<Totals> => {
  const totals = { passed: 0, failed: 0 };
  for (const [name, program, args] of checks) {
    const ok = await run(program, args);
    totals[ok ? 'passed' : 'failed'] += 1;
    console.log(`${ok ? 'passed' : 'FAILED'}: ${name}`);
  }
  return totals;
};

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}

const runTests = async (projects: readonly string[], files: readonly string[]): Promise<Totals> => {
  if (projects.length === 0) return { passed: 0, failed: 0 };
  await rm(REPORT, { force: true });
  const ok = await run('vitest', [
    'run',
    ...projects.map((project) => `--project=${project}`),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORT}`,
    ...files,
  ]);
  let report: Report;
  try {
    report = JSON.parse(await readFile(REPORT, 'utf8'));
  } catch {
    return { passed: 0, failed: 1 };
  }
  // A file that could not even be loaded has no tests to count.
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = report.numFailedTests + brokenFiles.length;
  // Errors outside of tests fail the run too.
  return { passed: report.numPassedTests, failed: !ok && failed === 0 ? 1 : failed };
};

const [name = 'daily', ...files] = process.argv.slice(2);
const layer = LAYERS[name];
if (layer === undefined) {
  console.error(`node e2e/run-tests.ts <${Object.keys(LAYERS).join('|')}> [part of a file's path …]`);
  process.exit(EX_USAGE);
}
const startedAt = performance.now();
await mkdir(new URL('./artefacts/', import.meta.url), { recursive: true });
if (layer.projects.length > 0) await ensurePrograms(['ffmpeg', 'chromium'], process.env);
const checks = await runChecks(layer.checks);
const tests = await runTests(layer.projects, files);
const passed = checks.passed + tests.passed;
const failed = checks.failed + tests.failed;
console.log(`${name}: ${((performance.now() - startedAt) / 60_000).toFixed(1)} min`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
