import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { circleIn, forbiddenImports, type SourceFile } from './forbidden-imports.ts';
import { LAYERS } from './layers.ts';

const ROOT = new URL('../../', import.meta.url);

const sourcesOf = (folder: string): SourceFile[] => {
  const base = fileURLToPath(new URL(`${folder}/`, ROOT));
  return (
    readdirSync(base, { recursive: true, encoding: 'utf8' })
      // A test next to the rooms covers all of them.
      .filter((path) => /\.tsx?$/.test(path) && !/^[^/]*\.test\.ts$/.test(path))
      .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(`${base}${path}`, 'utf8') }))
  );
};

describe.each(Object.entries(LAYERS))('%s', (folder, layers) => {
  it('imports only along its table, which names every room', () => {
    const sources = sourcesOf(folder);
    expect(sources.length).toBeGreaterThan(5);
    expect(forbiddenImports(layers, sources)).toEqual([]);
  });
});

it.each([
  'apps/api/src',
  'apps/api/src/media',
  'apps/gateway/src',
  'apps/worker/src',
  'packages/platform/src',
])('the rooms of %s form no circle', (folder) => {
  expect(circleIn(LAYERS[folder] ?? {})).toBeUndefined();
});

describe('a planted import that the table forbids', () => {
  const layers = LAYERS['apps/api/src'] ?? {};
  const complain = (path: string, specifier: string) =>
    forbiddenImports(layers, [
      ...sourcesOf('apps/api/src'),
      { path, text: `import { thing } from '${specifier}';\n` },
    ]);

  it.each([
    ['tus/planted.ts', '../http/content-disposition.ts', 'tus', 'http'],
    ['tus/store/planted.ts', '../../http/content-disposition.ts', 'tus', 'http'],
    ['background/sweeper/deep/planted.ts', '../../../http/content-disposition.ts', 'background', 'http'],
    ['doctor/planted.ts', '../roles/app.ts', 'doctor', 'roles'],
    ['media/uploads/planted.ts', '../../direct/direct-uploads.ts', 'media', 'direct'],
    ['config.ts', './media/record/outbox.ts', 'config', 'media'],
  ])('fails in %s', (path, specifier, room, target) => {
    expect(complain(path, specifier)).toEqual([`${path} imports ${target}/, which ${room} may not`]);
  });

  it('fails when it is dynamic, or imports for a side effect', () => {
    const text = "import '../roles/app.ts';\nawait import('../../http/hls-url.ts');\n";
    expect(forbiddenImports({ a: [], roles: [], http: [] }, [{ path: 'a/b/c.ts', text }])).toContain(
      'a/b/c.ts imports http/, which a may not',
    );
  });

  it('fails in a room that the table lacks', () => {
    expect(complain('attic/planted.ts', '../media/record/outbox.ts')).toContain(
      'attic: the table has no such room (attic/planted.ts)',
    );
  });

  it('passes where the table allows it', () => {
    expect(complain('http/deep/planted.ts', '../../media/record/outbox.ts')).toEqual([]);
  });
});

it('a room that only the table has is named', () => {
  expect(forbiddenImports({ a: [], b: [] }, [{ path: 'a/x.ts', text: '' }])).toEqual([
    'b: in the table, but not in the tree',
  ]);
});

it('a circle in a table is found', () => {
  expect(circleIn({ a: ['b'], b: ['c'], c: ['b'] })).toEqual(['b', 'c', 'b']);
});
