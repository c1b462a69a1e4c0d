import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

export interface ReachablePackage {
  /** Where it is, from the root: `node_modules/pg`, `packages/contracts`. */
  folder: string;
  /** Where Node looks for it, when that is a link of npm's to a workspace. */
  link?: string;
}

const manifestOf = async (root: string, folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));

/** Names that it imports when it runs; `true` when it must be there. */
const importsOf = (manifest: Manifest): Map<string, boolean> => {
  const optional = Object.keys(manifest.optionalDependencies ?? {});
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter(
    (name) => manifest.peerDependenciesMeta?.[name]?.optional !== true,
  );
  return new Map([
    ...[...Object.keys(manifest.dependencies ?? {}), ...peers].map((name) => [name, true] as const),
    // npm lists these among the dependencies, too; another platform's are not installed.
    ...optional.map((name) => [name, false] as const),
  ]);
};

/** The folder that Node would find, from the importing folder upwards. */
const find = async (root: string, from: string, name: string): Promise<string | undefined> => {
  for (let folder = join(root, from); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    const isThere = await readFile(join(candidate, 'package.json')).then(
      () => true,
      () => false,
    );
    if (isThere) return relative(root, candidate);
    if (folder === root) return undefined;
  }
};

/**
 * Finds every package that some workspaces need to run, themselves included, as npm installed them: no development
 * dependencies, and no peers that only other packages want.
 *
 * @param root the real path of the checkout
 * @param workspaces such as `apps/api`
 * @throws Error that names the package that is not installed
 */
export const reachablePackages = async (
  root: string,
  workspaces: readonly string[],
): Promise<ReachablePackage[]> => {
  const found = new Map<string, ReachablePackage>();
  for (const folder of workspaces) {
    const { name } = await manifestOf(root, folder);
    found.set(folder, { folder, link: join('node_modules', name) });
  }
  for (const { folder } of found.values()) {
    for (const [name, isRequired] of importsOf(await manifestOf(root, folder))) {
      const path = await find(root, folder, name);
      if (path === undefined && isRequired)
        throw new Error(`${folder} needs ${name}, which is not installed`);
      if (path === undefined) continue;
      const real = relative(root, await realpath(join(root, path)));
      // Iterating over a Map also visits entries that are added meanwhile.
      if (real !== path) found.set(real, { folder: real, link: path });
      else if (!found.has(real)) found.set(real, { folder: real });
    }
  }
  return [...found.values()];
};
