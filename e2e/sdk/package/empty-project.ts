import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BIN = join(ROOT, 'node_modules/.bin');
const run = promisify(execFile);

interface Locked {
  version: string;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}
type Lockfile = { packages: Record<string, Locked> };

/** A host's project, into which the packed SDK is installed. */
export class EmptyProject {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Builds, packs and installs the SDK, with what it needs in the versions of our own lockfile, so that npm finds
   * them in its cache.
   *
   * @param others packages of our lockfile that a host brings
   */
  static async create(others: string[]): Promise<EmptyProject> {
    const project = new EmptyProject(await mkdtemp(join(tmpdir(), 'claimcheck-project-')));
    await run(process.execPath, ['packages/client/scripts/build.ts'], {
      cwd: ROOT,
      env: { ...process.env, PATH: `${BIN}:${process.env.PATH}` },
    });
    const packed = await run('npm', ['pack', '--json', '--pack-destination', project.folder], {
      cwd: join(ROOT, 'packages/client/dist'),
    });
    const [tarball]: [{ filename: string }] = JSON.parse(packed.stdout);
    await project.#writeManifests(tarball.filename, others);
    await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], {
      cwd: project.folder,
    });
    return project;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Runs one of this repository's programs, or a script of the project. */
  async run(program: 'tsc' | 'node', args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const { stdout } = await run(join(BIN, program), args, {
      cwd: this.folder,
      env: { PATH: process.env.PATH, ...env },
    });
    return stdout;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  async #writeManifests(tarball: string, others: string[]): Promise<void> {
    const lockfile: Lockfile = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
    const manifest: Locked & { exports: unknown } = JSON.parse(
      await readFile(join(ROOT, 'packages/client/dist/package.json'), 'utf8'),
    );
    const locked = closureOf(lockfile, [...Object.keys(manifest.dependencies ?? {}), ...others]);
    const versions = others.map((name) => [name, locked[`node_modules/${name}`]?.version]);
    const dependencies = { '@claimcheck/client': `file:${tarball}`, ...Object.fromEntries(versions) };
    const { version, dependencies: needed, peerDependencies } = manifest;
    const packages = {
      '': { name: 'empty-project', dependencies },
      ...locked,
      'node_modules/@claimcheck/client': {
        version,
        resolved: `file:${tarball}`,
        dependencies: needed,
        peerDependencies,
        peerDependenciesMeta: { react: { optional: true } },
      },
    };
    const name = { name: 'empty-project', private: true, type: 'module' };
    await writeFile(this.path('package.json'), JSON.stringify({ ...name, dependencies }));
    await writeFile(
      this.path('package-lock.json'),
      JSON.stringify({ name: 'empty-project', lockfileVersion: 3, packages }),
    );
  }
}

/** What these packages need, all the way down, as our own lockfile has it. */
const closureOf = ({ packages }: Lockfile, names: string[]): Record<string, Locked> => {
  const found: Record<string, Locked> = {};
  const take = (name: string, from: string): void => {
    const nested = `${from}/node_modules/${name}`;
    const path = packages[nested] ? nested : `node_modules/${name}`;
    const locked = packages[path];
    if (locked === undefined || found[path]) return;
    found[path] = locked;
    for (const needed of Object.keys(locked.dependencies ?? {})) take(needed, path);
  };
  for (const name of names) take(name, '');
  return found;
};
