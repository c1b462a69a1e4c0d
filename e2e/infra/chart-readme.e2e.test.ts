import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { VALUES_LIST, valuesList } from './chart/values-list.ts';
import { SECRETS, VALUES } from './chart-values.ts';
import { documentedVariables } from './configuration-table.ts';
import { commandsIn, documentedCommands } from './docs/documented-commands.ts';
import { CHART, renderChart } from './helm.ts';
import { containerOf } from './workload.ts';

test('where a broker is suggested it writes each message to its disk before it says yes', async () => {
  const readme = await readFile(join(CHART, 'README.md'), 'utf8');
  const [, suggested = ''] = readme.split('with the `nats` chart')[1]?.split('```yaml\n') ?? [];
  expect(parse(suggested.split('```')[0] ?? '')).toMatchObject({
    config: { merge: { jetstream: { sync_interval: 'always' } } },
  });
  expect(await readFile(join(CHART, '../../nats/nats-server.conf'), 'utf8')).toMatch(
    /sync_interval: "?always/,
  );
});

test('the Secret of the README has the keys that the values name', async () => {
  const commands = commandsIn('README.md', await readFile(join(CHART, 'README.md'), 'utf8'));
  const create = commands.find(({ command }) => command.includes('create secret generic'))?.command ?? '';
  const keys = [...create.matchAll(/--from-literal=([A-Z0-9_]+)=/g)].map(([, key]) => key);
  expect(keys.toSorted()).toEqual(Object.keys(SECRETS).toSorted());
});

test('helm waits longer for the migrations than they may take, in each command', async () => {
  const { migrations } = z
    .looseObject({ migrations: z.looseObject({ activeDeadlineSeconds: z.number() }) })
    .parse(parse(await readFile(join(CHART, 'values.yaml'), 'utf8')));
  const commands = (await documentedCommands()).filter(({ command }) =>
    /^helm (install|upgrade)/.test(command),
  );
  expect(commands.length).toBeGreaterThan(1);
  for (const { where, command } of commands) {
    const [, minutes = '5'] = / --timeout (\d+)m/.exec(command) ?? [];
    expect(Number(minutes) * 60, where).toBeGreaterThan(migrations.activeDeadlineSeconds);
  }
});

test('the list of values is what the chart has (npm run chart-values writes it)', async () => {
  expect(await readFile(VALUES_LIST, 'utf8')).toBe(await valuesList());
});

test('the settings are all of the documented variables that no other value sets', async () => {
  const schema = z
    .looseObject({
      properties: z.looseObject({
        settings: z.looseObject({ propertyNames: z.object({ enum: z.array(z.string()) }) }),
      }),
    })
    .parse(JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')));
  const ofItsOwn = new Set(
    (await Promise.all([VALUES.large, VALUES.small, VALUES.webhooks].map((file) => renderChart(file))))
      .flatMap(({ manifests }) => manifests)
      .filter(({ kind }) => kind === 'Deployment')
      .flatMap((manifest) => containerOf(manifest).env.map(({ name }) => name)),
  );
  // The chart fixes the ports; secrets come with `extraEnv`; the rest is for `npm start`, and for drills.
  const fixed =
    /^(PORT|GATEWAY_PORT|ADMIN_PORT|CLAIMCHECK_(DATA|CACHE)_DIR|FAILPOINT|S3_SESSION_TOKEN|CDN_SIGNING_KEY|WEBHOOK_SECRET)$/;
  const unsettable = [...(await documentedVariables())].filter(
    (variable) =>
      !ofItsOwn.has(variable) &&
      !fixed.test(variable) &&
      !schema.properties.settings.propertyNames.enum.includes(variable),
  );
  expect(unsettable).toEqual([]);
});
