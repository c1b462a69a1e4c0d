// What `npm run soak -- <name> [--minutes M] [--seed S]` runs: the long versions of tests.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensurePrograms } from './harness/ensure-programs.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const NAMES = [
  'abuse',
  'slow-upload',
  'cuts',
  'drills',
  'gateway',
  'fuzz',
  'corpus',
  'image',
  'upgrade',
  'dashboards',
  'api-server',
];
/** The soak that draws pages. */
const WITH_BROWSER = 'dashboards';
const EX_USAGE = 64;

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: { minutes: { type: 'string' }, seed: { type: 'string' } },
});
const [name = ''] = positionals;
const minutes = Number(values.minutes ?? '10');
if (!NAMES.includes(name) || positionals.length > 1 || !(minutes > 0 && minutes <= 240)) {
  process.stderr.write(`npm run soak -- <${NAMES.join('|')}> [--minutes 1 to 240] [--seed text]\n`);
  process.exit(EX_USAGE);
}

await ensurePrograms(name === WITH_BROWSER ? ['ffmpeg', 'chromium'] : ['ffmpeg'], process.env);
const child = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'soak', `soak/${name}.soak`],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      SOAK_MINUTES: String(minutes),
      ...(values.seed === undefined ? {} : { CLAIMCHECK_TEST_SEED: values.seed }),
    },
  },
);
child.once('close', (code) => {
  process.exitCode = code ?? 1;
});
