// Copies what api, worker, gateway and CLI are made of: node infra/image/copy-what-runs.ts <target>
import { cp, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ReachablePackage, reachablePackages } from './reachable-packages.ts';

const APPS = ['apps/api', 'apps/worker', 'apps/gateway'];
const BESIDES = ['package.json', 'LICENSE', 'prisma'];
/** What a package's folder holds that no process reads; packages of its own in it are copied by themselves. */
const LEFT_OUT = ['node_modules', '.turbo', 'test'];

const copyPackage = async (root: string, target: string, folder: string): Promise<void> => {
  await cp(join(root, folder), join(target, folder), {
    recursive: true,
    filter: (source) => {
      const path = relative(join(root, folder), source);
      const isOurs = !folder.includes('node_modules');
      return !(
        source.endsWith('.map') ||
        path === 'node_modules' ||
        (isOurs && LEFT_OUT.includes(basename(path)))
      );
    },
  });
};

const linkWorkspace = async (target: string, { folder, link }: ReachablePackage): Promise<void> => {
  if (link === undefined) return;
  await mkdir(dirname(join(target, link)), { recursive: true });
  await symlink(relative(dirname(link), folder), join(target, link));
};

/** What development needs is not there, and `npm sbom` takes nothing on trust. */
const withoutDevelopment = async (target: string, folder: string): Promise<void> => {
  const file = join(target, folder, 'package.json');
  const { devDependencies: _, ...manifest } = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
};

const [given] = process.argv.slice(2);
if (given === undefined) {
  process.stderr.write('node infra/image/copy-what-runs.ts <target>\n');
  process.exit(64);
}
const root = await realpath(fileURLToPath(new URL('../../', import.meta.url)));
await mkdir(given, { recursive: true });
const packages = await reachablePackages(root, APPS);
for (const one of packages) {
  await copyPackage(root, given, one.folder);
  await linkWorkspace(given, one);
}
for (const path of BESIDES) await cp(join(root, path), join(given, path), { recursive: true });
for (const { folder } of [{ folder: '.' }, ...packages.filter(({ link }) => link !== undefined)])
  await withoutDevelopment(given, folder);
process.stdout.write(`${packages.length} packages\n`);
