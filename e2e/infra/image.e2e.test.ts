import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { runToEnd } from '../harness/run-to-end.ts';

const EX_CONFIG = 78;

/** What the Dockerfile puts into the image, without a builder; `npm run soak -- image` builds and starts it. */
let image: string;
beforeAll(async () => {
  image = join(await mkdtemp(join(tmpdir(), 'claimcheck-tree-')), 'app');
  const { code, error } = await runToEnd('infra/image/copy-what-runs.ts', {}, [image]);
  expect(error).toBe('');
  expect(code).toBe(0);
});
afterAll(() => rm(join(image, '..'), { recursive: true, force: true }));

test.each(['api', 'worker', 'gateway'])('%s finds all that it imports', async (app) => {
  const { code, error } = await runToEnd(`apps/${app}/src/main.ts`, {}, [], image);
  expect(error).toContain('The configuration is not valid');
  expect(code).toBe(EX_CONFIG);
});

test('the CLI finds all that it imports', async () => {
  const { code, out } = await runToEnd('apps/api/src/cli/claimcheck.ts', {}, ['--help'], image);
  expect(out).toContain('doctor');
  expect(code).toBe(0);
});

const bom = z.object({
  bomFormat: z.literal('CycloneDX'),
  components: z.array(
    z.looseObject({
      name: z.string(),
      version: z.string(),
      purl: z.string(),
      licenses: z.array(z.unknown()).min(1),
      hashes: z.array(z.object({ alg: z.string(), content: z.string() })).optional(),
    }),
  ),
});

test('npm lists what is in it: each with its licence, nothing of development', async () => {
  const printed = await runCommand(
    'sh',
    ['-c', 'npm sbom --omit=dev --sbom-format=cyclonedx --sbom-type=application > sbom.cdx.json 2> sbom.log'],
    { env: process.env, cwd: image },
  );
  expect(printed).toBe('');
  const { components } = bom.parse(JSON.parse(await readFile(join(image, 'sbom.cdx.json'), 'utf8')));
  const names = components.map(({ purl }) => decodeURIComponent(purl).replace(/^pkg:npm\/(.*)@.*$/, '$1'));
  expect(names).toEqual(expect.arrayContaining(['express', 'socket.io', 'pg', 'sharp', '@prisma/client']));
  expect(names.filter((name) => name.startsWith('@img/sharp-libvips-'))).not.toEqual([]);
  for (const development of ['prisma', 'vitest', 'typescript', 'react', 'turbo', 'fast-check'])
    expect(names).not.toContain(development);
});
