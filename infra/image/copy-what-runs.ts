// Copies apps with every package that they need to run: node infra/image/copy-what-runs.ts <target> <app>…
import { cp, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ReachablePackage, reachablePackages } from './reachable-packages.ts';

const BESIDES = ['package.json', 'LICENSE', 'prisma'];
/** Content of a package's folder that no process reads; packages inside it are copied by themselves. */
const LEFT_OUT = ['node_modules', '.turbo', 'test'];

/** Packages run their JavaScript, since Node strips types from our own files only; some bring megabytes of test data. */
const OF_PACKAGES = /\.[cm]?ts$|^(test|tests|benchmark)$/;
/** Types, sources of maps, texts, and Prisma's compilers for other databases than Postgres, which are 60 MiB. */
const UNREAD = /\.(map|md|d\.[cm]?ts)$|\/query_compiler_(?!fast_bg\.postgresql\.)[a-z_]+\.[^/]*$/;

const copyPackage = async (root: string, target: string, folder: string): Promise<void> => {
  await cp(join(root, folder), join(target, folder), {
    recursive: true,
    filter: (source) => {
      const path = relative(join(root, folder), source);
      const isOurs = !folder.includes('node_modules');
      return !(
        UNREAD.test(source) ||
        (!isOurs && OF_PACKAGES.test(path)) ||
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

/** Development dependencies are not copied, and `npm sbom` fails for names that it cannot find. */
const withoutDevelopment = async (target: string, folder: string): Promise<void> => {
  const file = join(target, folder, 'package.json');
  const { devDependencies: _, ...manifest } = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
};

const [given, ...apps] = process.argv.slice(2);
if (given === undefined || apps.length === 0) {
  process.stderr.write('node infra/image/copy-what-runs.ts <target> <app>…\n');
  process.exit(64);
}
const root = await realpath(fileURLToPath(new URL('../../', import.meta.url)));
await mkdir(given, { recursive: true });
const packages = await reachablePackages(root, apps);
for (const one of packages) {
  await copyPackage(root, given, one.folder);
  await linkWorkspace(given, one);
}
for (const path of BESIDES) await cp(join(root, path), join(given, path), { recursive: true });
for (const { folder } of [{ folder: '.' }, ...packages.filter(({ link }) => link !== undefined)])
  await withoutDevelopment(given, folder);
process.stdout.write(`${packages.length} packages\n`);
