import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';

const lockfile = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      dev: z.boolean().optional(),
      devOptional: z.boolean().optional(),
      link: z.boolean().optional(),
      license: z.string().optional(),
      integrity: z.string().optional(),
    }),
  ),
});

const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Unlicense',
];
/** LGPL: separate libraries, loaded and not linked into ours: sharp's libvips, and libheif in WebAssembly. */
const LOADED = /^node_modules\/(@img\/sharp-|libheif-js$)/;
/** Packages with a licence file but no licence in the manifest; checked by a person, docs/supply-chain.md. */
const READ_BY_HAND = [
  'node_modules/combine-errors',
  'node_modules/limiter',
  'node_modules/xmlhttprequest-ssl',
];

const thirdParty = async () => {
  const { packages } = lockfile.parse(
    JSON.parse(await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8')),
  );
  return Object.entries(packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && link !== true,
  );
};

test('every production package has a licence that permits it', async () => {
  // devOptional marks packages of development and of an optional peer: Prisma's CLI, which the image omits.
  const production = (await thirdParty()).filter(([, { dev, devOptional }]) => !dev && !devOptional);
  expect(production.length).toBeGreaterThan(200);
  const others = production.filter(([path, { license = '' }]) => {
    const allowed = license
      .replace(/[()]/g, '')
      .split(/ (?:AND|OR) /)
      .every((one) => ALLOWED.includes(one));
    return !allowed && !LOADED.test(path) && !READ_BY_HAND.includes(path);
  });
  expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
});

test('every package is pinned by the hash of its content', async () => {
  const unpinned = (await thirdParty()).filter(([, { integrity }]) => integrity === undefined);
  expect(unpinned.map(([path]) => path)).toEqual([]);
});
