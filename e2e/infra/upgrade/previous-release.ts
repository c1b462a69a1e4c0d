import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '@claimcheck/local-stack/run-command';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const WORKSPACES = ['apps', 'packages'];

const git = async (...args: string[]): Promise<string> =>
  (await runCommand('git', args, { env: process.env, cwd: ROOT })).trim();

/** The commit to upgrade from: `CLAIMCHECK_UPGRADE_FROM`, or the last without the newest migration. */
export const previousCommit = async (): Promise<string> => {
  const given = process.env.CLAIMCHECK_UPGRADE_FROM;
  if (given !== undefined && given !== '') return git('rev-parse', '--verify', `${given}^{commit}`);
  const newest = (await readdir(join(ROOT, 'prisma/migrations')))
    .filter((name) => /^\d/.test(name))
    .sort()
    .at(-1);
  const added = await git('log', '--diff-filter=A', '--format=%H', '--', `prisma/migrations/${newest}`);
  const [first] = added.split('\n').reverse();
  if (first === undefined || first === '')
    throw new Error(`no commit adds ${newest}: this needs the git history`);
  return git('rev-parse', `${first}^`);
};

/** Today's third-party packages; our own are the commit's. */
const linkPackages = async (folder: string): Promise<void> => {
  const target = join(folder, 'node_modules');
  await mkdir(join(target, '@claimcheck'), { recursive: true });
  for (const name of await readdir(join(ROOT, 'node_modules')))
    if (name !== '@claimcheck') await symlink(join(ROOT, 'node_modules', name), join(target, name));
  for (const kind of WORKSPACES)
    for (const name of await readdir(join(folder, kind)))
      await symlink(`../../${kind}/${name}`, join(target, '@claimcheck', name));
};

/** Checks out another commit and makes it runnable. @returns its folder; the caller removes it */
export const checkOut = async (commit: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-release-'));
  try {
    const env = { ...process.env, COMMIT: commit, TARGET: folder };
    await runCommand('sh', ['-c', 'git archive "$COMMIT" | tar -x -C "$TARGET"'], { env, cwd: ROOT });
    await linkPackages(folder);
    await runCommand(process.execPath, ['packages/database/scripts/generate.mjs'], { env, cwd: folder });
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
};
