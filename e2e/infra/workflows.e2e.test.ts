import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { findProgram, type ProgramSpec } from '@claimcheck/local-stack/find-program';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const actionlint: ProgramSpec = {
  name: 'actionlint',
  module: 'github.com/rhysd/actionlint/cmd/actionlint',
  version: 'v1.7.12',
  howToGet: 'Install Go (https://go.dev/dl) or actionlint (https://github.com/rhysd/actionlint).',
};

const workflows = (await readdir(`${ROOT}.github/workflows`)).map((name) => `.github/workflows/${name}`);

test('actionlint finds nothing in the workflows', async () => {
  expect(workflows.length).toBeGreaterThan(3);
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const command = await findProgram(actionlint, { env: process.env, onProgress });
  const options = { env: process.env, cwd: ROOT };
  expect(await runCommand(command, ['-shellcheck=', '-pyflakes=', ...workflows], options)).toBe('');
});

test('every npm script that a workflow runs exists', async () => {
  const { scripts } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'));
  for (const file of workflows) {
    const text = await readFile(`${ROOT}${file}`, 'utf8');
    for (const [, name = ''] of text.matchAll(/npm run ([a-z:]+)/g))
      if (!text.includes(`npm run ${name} -w`)) expect(scripts, file).toHaveProperty([name]);
  }
});

test('the nightly commands exist, and both images are released', async () => {
  const { scripts } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'));
  const read = async (name: string) => parse(await readFile(`${ROOT}.github/workflows/${name}.yaml`, 'utf8'));
  const nightly = await read('nightly');
  for (const command of nightly.jobs.long.strategy.matrix.command)
    expect(scripts).toHaveProperty([command.split(' ')[0]]);
  const { include } = (await read('release')).jobs.image.strategy.matrix;
  const dockerfile = await readFile(`${ROOT}infra/Dockerfile`, 'utf8');
  for (const { target } of include) expect(dockerfile).toContain(` AS ${target}\n`);
});
