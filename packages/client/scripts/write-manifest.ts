import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { typesOf } from './emit-types.ts';
import { SUBPATHS } from './entries.ts';

interface Manifest {
  name: string;
  version: string;
  license: string;
  keywords: string[];
  homepage: string;
  bugs: string;
  repository: object;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
}

/** Returns the published package.json. Bundled packages are no dependencies. */
export const writeManifest = async (root: string, dist: string): Promise<void> => {
  const source: Manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const { name, version, license, keywords, homepage, bugs, repository } = source;
  const { dependencies, peerDependencies, peerDependenciesMeta } = source;
  const { '@claimcheck/contracts': _, ...needed } = dependencies;
  const exports = Object.fromEntries(
    Object.entries(SUBPATHS).map(([path, module]) => [
      path,
      { types: typesOf(module), default: `./${module}.js` },
    ]),
  );
  const manifest = {
    name,
    version,
    description: 'Upload, send and show media in a chat: the client of Claimcheck.',
    license,
    keywords,
    homepage,
    bugs,
    repository,
    type: 'module',
    sideEffects: ['./sha256-worker.js'],
    exports,
    dependencies: needed,
    peerDependencies,
    peerDependenciesMeta,
    engines: { node: '>=22' },
  };
  await writeFile(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
};
