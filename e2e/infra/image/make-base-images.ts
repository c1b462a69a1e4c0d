import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findOnPath } from '@claimcheck/local-stack/find-program';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { type Buildah, systemProgram } from './buildah.ts';

const DEBIAN = 'bookworm';
/** What Debian's `slim` images leave out, too. */
const SLIM =
  'rm -rf usr/share/doc usr/share/info usr/share/lintian usr/share/locale usr/share/man var/cache/apt/*.bin var/cache/apt/archives/*.deb var/lib/apt/lists/*';
const AUTHORITY = '/usr/local/share/extra-ca.crt';

/** The folder of this machine's npm, which consists only of JavaScript. */
const npmFolder = async (): Promise<string> => {
  const npm = await findOnPath('npm', process.env);
  if (npm === undefined) throw new Error('npm is not on PATH');
  // …/npm/bin/npm-cli.js
  return dirname(dirname(await realpath(npm)));
};

/**
 * Makes other base images than the Dockerfile's default, for machines without access to a container registry: Debian from
 * its packages, as slim as the official one, and the same with this machine's Node and npm.
 *
 * @returns their names, for the arguments RUNTIME_IMAGE and BASE_IMAGE
 */
export const makeBaseImages = async (buildah: Buildah): Promise<{ runtime: string; base: string }> => {
  const debootstrap = await systemProgram('debootstrap');
  const root = await mkdtemp(join(tmpdir(), 'claimcheck-debian-'));
  try {
    await runCommand(debootstrap, ['--variant=minbase', DEBIAN, root], { env: process.env });
    await runCommand('sh', ['-c', SLIM], { env: process.env, cwd: root });
    const slim = await buildah.run('from', 'scratch');
    await buildah.run('add', '--quiet', slim, root, '/');
    await buildah.run('commit', '--quiet', '--rm', slim, 'localhost/claimcheck-runtime');
    const container = await buildah.run('from', 'localhost/claimcheck-runtime');
    await buildah.run('add', '--quiet', container, process.execPath, '/usr/local/bin/node');
    await buildah.run('add', '--quiet', container, await npmFolder(), '/usr/local/lib/npm');
    await buildah.run('run', container, '--', 'ln', '-s', '../lib/npm/bin/npm-cli.js', '/usr/local/bin/npm');
    // npm must know the authority of a proxy in front of the registry.
    const authority = process.env.NODE_EXTRA_CA_CERTS;
    if (authority !== undefined && authority !== '') {
      await buildah.run('add', '--quiet', container, authority, AUTHORITY);
      await buildah.run('config', '--env', `NODE_EXTRA_CA_CERTS=${AUTHORITY}`, container);
    }
    await buildah.run('commit', '--quiet', '--rm', container, 'localhost/claimcheck-base');
    return { runtime: 'localhost/claimcheck-runtime', base: 'localhost/claimcheck-base' };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
