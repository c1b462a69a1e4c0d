import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSystemPackage } from '@claimcheck/local-stack/ensure-system-package';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';
import { runCommand } from '@claimcheck/local-stack/run-command';

const onProgress = (line: string) => process.stderr.write(`${line}\n`);

export const systemProgram = (program: string): Promise<string> =>
  ensureSystemPackage({
    programs: [program],
    aptPackage: program,
    purpose: 'building the image',
    env: process.env,
    onProgress,
  });

/** buildah with a temporary storage. Without a container runtime, it uses a chroot. */
export class Buildah {
  readonly #command: string;
  readonly #folder: string;

  private constructor(command: string, folder: string) {
    this.#command = command;
    this.#folder = folder;
  }

  static async open(): Promise<Buildah> {
    return new Buildah(await systemProgram('buildah'), await mkdtemp(join(tmpdir(), 'claimcheck-image-')));
  }

  /** @returns the output, at most the last 64 KiB; @throws Error with it on failure */
  async run(command: string, ...args: string[]): Promise<string> {
    const printed = await runCommand(this.#command, this.#args(command, args), { env: process.env });
    return printed.trim();
  }

  /** Starts a process in a container and waits until it is ready. It shares this machine's network. */
  start(options: {
    name: string;
    container: string;
    command: readonly string[];
    env: Readonly<Record<string, string>>;
    ready: () => Promise<boolean>;
  }): Promise<ManagedService> {
    const variables = Object.entries(options.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    return startProcess({
      name: options.name,
      command: this.#command,
      args: this.#args('run', [...variables, options.container, '--', ...options.command]),
      cwd: this.#folder,
      env: { PATH: process.env.PATH ?? '', HOME: this.#folder },
      ready: options.ready,
      timeoutMs: 60_000,
    });
  }

  async close(): Promise<void> {
    await this.run('rm', '--all');
    await this.run('rmi', '--all', '--force');
    await rm(this.#folder, { recursive: true, force: true });
  }

  #args(command: string, args: readonly string[]): string[] {
    const isolated = ['run', 'build'].includes(command) ? ['--isolation', 'chroot'] : [];
    const storage = ['--root', join(this.#folder, 'storage'), '--runroot', join(this.#folder, 'run')];
    return [...storage, command, ...isolated, ...args];
  }
}
