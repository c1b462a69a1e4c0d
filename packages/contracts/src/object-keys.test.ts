import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  derivativeKey,
  epochPrefix,
  epochsPrefix,
  hlsKey,
  isOwnKey,
  parseKey,
  prefixOf,
  sourceKey,
  tailKey,
  tailPrefix,
} from './object-keys.ts';

const ID = '0198c1f0-0000-7000-8000-00000000000a';

describe('a key that was built', () => {
  test.each([
    ['prefixOf', prefixOf(ID), { kind: 'prefix', file: '' }],
    ['sourceKey', sourceKey(ID), { kind: 'source', file: 'source' }],
    ['tailPrefix', tailPrefix(ID), { kind: 'tail', file: 'tail/' }],
    ['tailKey', tailKey(ID, 4_096, 3), { kind: 'tail', file: 'tail/4096-3' }],
    ['epochPrefix', epochPrefix(ID, 12), { kind: 'epoch', epoch: 12, file: '' }],
    [
      'derivativeKey',
      derivativeKey(ID, 2, { quality: 'medium', format: 'webp' }),
      { kind: 'epoch', epoch: 2, file: 'medium.webp' },
    ],
    ['hlsKey', hlsKey(ID, 1, 'main.m3u8'), { kind: 'epoch', epoch: 1, file: 'hls/main.m3u8' }],
  ])('by %s is parsed to what it was built from', (_name, key, parsed) => {
    expect(parseKey(key)).toEqual({ mediaObjectId: ID, ...parsed });
    expect(key.startsWith(prefixOf(ID))).toBe(true);
  });

  test('the prefix of an epoch starts like all epochs, and like no other key', () => {
    expect(epochPrefix(ID, 1).startsWith(epochsPrefix(ID))).toBe(true);
    for (const key of [sourceKey(ID), tailKey(ID, 1, 1)])
      expect(key.startsWith(epochsPrefix(ID))).toBe(false);
  });
});

test.each(['', 'a/source', `${ID}`, `x${ID}/source`, `${ID.toUpperCase()}/source`])(
  'parseKey knows no media object for %j',
  (key) => expect(parseKey(key)).toBeUndefined(),
);

describe('a worker', () => {
  test.each([`${ID}/e1/low.webp`, `${ID}/e1/hls/a.m4s`, `${ID}/their/own.webp`])('may point to %s', (key) =>
    expect(isOwnKey(key, ID)).toBe(true),
  );

  test.each([
    `${ID}/source`,
    'another/e1/low.webp',
    `${ID}/../another/source`,
    `${ID}/e1/./low.webp`,
    `${ID}/e1/low.webp?x`,
    `${ID}/e1/%2e%2e/low.webp`,
    `${ID}/e1/low webp`,
  ])('may not point to %s', (key) => expect(isOwnKey(key, ID)).toBe(false));
});

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** A literal that spells a part of the layout: `${id}/`, `${id}/source`, `${id}/e${n}`, `/source`, `/hls/`. */
const SPELLINGS = [
  /`\$\{[\w.]*[iI]d\}\/(`|source\b|tail\b|hls\b|e\b|e\$)/,
  /^(?!.*(?:\/v1\/|publicUrl)).*[`'}]\/source['`]/,
  /^(?!.*\/v1\/).*\/(tail|hls)\/[`'$]/,
  /\\\/(source|tail|hls|e\()/,
  /[pP]refix(Of|For)?(\([^)]*\))?\}(source|tail|hls|e\$)/,
];

const spelled = (text: string): string[] =>
  text.split('\n').filter((line) => SPELLINGS.some((spelling) => spelling.test(line)));

test('the scan finds every such literal', () => {
  const lines = [
    'const a = `$(uploadId)/source`;',
    'await storage.deletePrefix(`$(id)/`);',
    "Value: '/source'",
    'const key = `$(session.upload_id)/tail/$(position)`;',
    'prefix: `$(media_object_id)/e$(epoch)/`',
    'await storage.abortUploads(`$(prefix)source`);',
    'return `$(epochPrefix(request))hls/$(file)`;',
    'const SOURCE = /^([0-9a-f]+)\\/source$/;',
  ].map((line) => line.replaceAll(/\$\((.*?)\)(?=\/|source|hls|`)/g, (_, inner) => `\${${inner}}`));
  expect(lines.filter((line) => spelled(line).length === 0)).toEqual([]);
});

test('only object-keys.ts contains keys of the bucket', async () => {
  const found: string[] = [];
  for await (const file of glob('{apps,packages}/*/src/**/*.ts', { cwd: ROOT })) {
    if (file.endsWith('.test.ts') || file.endsWith('contracts/src/object-keys.ts')) continue;
    for (const line of spelled(readFileSync(`${ROOT}/${file}`, 'utf8')))
      found.push(`${file}: ${line.trim()}`);
  }
  expect(found).toEqual([]);
});
