// What `npm test` runs: every check, then every test, and one line that adds them up.
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ensurePrograms } from './harness/ensure-programs.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const REPORT = fileURLToPath(new URL('./artefacts/vitest.json', import.meta.url));
const BIN = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url));

interface Totals {
  passed: number;
  failed: number;
}

const run = (program: string, args: string[]): Promise<boolean> =>
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

const CHECKS: [name: string, program: string, args: string[]][] = [
  ['types', 'turbo', ['run', 'typecheck', '--output-logs=errors-only']],
  ['format and lint', 'biome', ['check', '.']],
  ['boundaries', 'turbo', ['boundaries']],
  ['unused code', 'knip', []],
  ['build of the demo', 'turbo', ['run', 'build', '--output-logs=errors-only']],
];

const runChecks = async (): Promise<Totals> => {
  const totals = { passed: 0, failed: 0 };
  for (const [name, program, args] of CHECKS) {
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

const runTests = async (): Promise<Totals> => {
  await rm(REPORT, { force: true });
  const ok = await run('vitest', [
    'run',
    ...['unit', 'integration', 'e2e'].map((project) => `--project=${project}`),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORT}`,
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

await mkdir(new URL('./artefacts/', import.meta.url), { recursive: true });
await ensurePrograms(['ffmpeg', 'chromium'], process.env);
const checks = await runChecks();
const tests = await runTests();
const passed = checks.passed + tests.passed;
const failed = checks.failed + tests.failed;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
