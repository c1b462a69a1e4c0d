import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { documentedVariables } from './configuration-table.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFile(`${ROOT}${path}`, 'utf8');

const sectionsOf = async (): Promise<Map<string, string>> => {
  const [, ...sections] = (await read('infra/runbook.md')).split(/^## /m);
  return new Map(
    sections.map((section) => [section.split('\n')[0] ?? '', section.split('\n').slice(1).join('\n')]),
  );
};

/** Sources of the processes, as one text. */
const sources = async (): Promise<string> => {
  const texts = await Promise.all(
    [
      'apps/api/src',
      'apps/worker/src',
      'apps/gateway/src',
      'packages/platform/src',
      'packages/contracts/src',
    ].map(async (folder) => {
      const files = await readdir(`${ROOT}${folder}`, { recursive: true });
      return Promise.all(
        files.filter((file) => file.endsWith('.ts')).map((file) => read(`${folder}/${file}`)),
      );
    }),
  );
  return texts.flat().join('\n');
};

test('each section starts with the users’ symptoms and the first command', async () => {
  for (const [alert, text] of await sectionsOf()) {
    const [first = '', second = ''] = text.trim().split('\n');
    expect(first, alert).toMatch(/^\*\*Users see\*\*/);
    expect(second, alert).toMatch(/^\*\*First:\*\*/);
  }
});

test('every metric, variable, alert and log line in it exists', async () => {
  const runbook = await read('infra/runbook.md');
  const code = await sources();
  const metrics = runbook.match(/\bclaimcheck_[a-z_]+/g) ?? [];
  expect(metrics.length).toBeGreaterThan(5);
  for (const name of new Set(metrics)) expect(code, name).toContain(`'${name}'`);
  const documented = await documentedVariables();
  const variables = [...runbook.matchAll(/`([A-Z][A-Z0-9]+_[A-Z0-9_]+)/g)].map(([, name]) => name ?? '');
  for (const name of variables.filter((one) => !one.endsWith('_')))
    expect([...documented], name).toContain(name);
  const { groups } = parse(await read('infra/prometheus/alerts.yaml'));
  const alerts = groups[0].rules.map(({ alert }: { alert: string }) => alert);
  for (const name of runbook.match(/\bClaimcheck[A-Z][A-Za-z]+/g) ?? []) expect(alerts).toContain(name);
  for (const line of ['upload refused', 'dependency is away', 'token refused']) {
    expect(runbook).toContain(`\`${line}\``);
    expect(code).toContain(`'${line}'`);
  }
  // Levels are words.
  expect(runbook).not.toMatch(/level.{0,5}\d/);
});
