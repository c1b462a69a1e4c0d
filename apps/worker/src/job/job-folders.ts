import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = 'claimcheck-worker-';

/**
 * The folders of this process's jobs. The next start removes folders of killed processes, which it recognises by process id,
 * so containers must not share TEMP_DIR.
 */
export class JobFolders {
  readonly #parent: string;
  readonly #own: string;

  private constructor(parent: string) {
    this.#parent = parent;
    this.#own = join(parent, `${PREFIX}${process.pid}`);
  }

  /** @throws when the folder cannot be created */
  static async create(parent: string): Promise<JobFolders> {
    const folders = new JobFolders(parent);
    await folders.#removeLeftovers();
    await mkdir(folders.#own, { mode: 0o700, recursive: true });
    return folders;
  }

  /** Runs `work` with its own folder. */
  async withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(this.#own, 'job-'));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async remove(): Promise<void> {
    await rm(this.#own, { recursive: true, force: true });
  }

  async #removeLeftovers(): Promise<void> {
    for (const name of await readdir(this.#parent)) {
      if (!name.startsWith(PREFIX)) continue;
      const pid = Number(name.slice(PREFIX.length));
      // Our own process id: the process that had it before, in a container that restarted, is gone.
      if (Number.isInteger(pid) && pid > 0 && (pid === process.pid || !isRunning(pid)))
        await rm(join(this.#parent, name), { recursive: true, force: true });
    }
  }
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
