import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { runToEnd } from '../harness/run-to-end.ts';

const EX_CONFIG = 78;

const IMAGES = { app: ['api', 'gateway'], worker: ['worker'] } as const;

/** The trees that the Dockerfile copies into its images, without a builder; `npm run soak -- image` builds them. */
let folder: string;
const imageOf = (name: keyof typeof IMAGES) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-tree-'));
  for (const name of ['app', 'worker'] as const) {
    const apps = IMAGES[name].map((app) => `apps/${app}`);
    const { code, error } = await runToEnd('infra/image/copy-what-runs.ts', {}, [imageOf(name), ...apps]);
    expect(error).toBe('');
    expect(code).toBe(0);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['app', 'api'],
  ['app', 'gateway'],
  ['worker', 'worker'],
] as const)('in the image %s, %s finds all of its imports', async (image, app) => {
  const { code, error } = await runToEnd(`apps/${app}/src/main.ts`, {}, [], imageOf(image));
  expect(error).toContain('The configuration is not valid');
  expect(code).toBe(EX_CONFIG);
});

test('the CLI finds all of its imports', async () => {
  const { code, out } = await runToEnd('apps/api/src/cli/claimcheck.ts', {}, ['--help'], imageOf('app'));
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

test.each([
  ['app', ['express', 'socket.io', 'pg', '@prisma/client'], ['sharp']],
  ['worker', ['sharp'], ['express', 'socket.io', 'pg', '@prisma/client']],
] as const)(
  'npm lists what is in %s: each with its licence, nothing of development',
  async (name, there, absent) => {
    const image = imageOf(name);
    const printed = await runCommand(
      'sh',
      [
        '-c',
        'npm sbom --omit=dev --sbom-format=cyclonedx --sbom-type=application > sbom.cdx.json 2> sbom.log',
      ],
      { env: process.env, cwd: image },
    );
    expect(printed).toBe('');
    const { components } = bom.parse(JSON.parse(await readFile(join(image, 'sbom.cdx.json'), 'utf8')));
    const names = components.map(({ purl }) => decodeURIComponent(purl).replace(/^pkg:npm\/(.*)@.*$/, '$1'));
    expect(names).toEqual(expect.arrayContaining([...there]));
    const libvips = names.filter((one) => one.startsWith('@img/sharp-libvips-'));
    expect(libvips.length > 0).toBe(name === 'worker');
    for (const one of ['prisma', 'vitest', 'typescript', 'react', 'turbo', 'fast-check', ...absent])
      expect(names).not.toContain(one);
  },
);
