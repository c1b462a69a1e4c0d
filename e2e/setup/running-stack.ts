import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';

const FILE = new URL('../artefacts/test-stack.json', import.meta.url);

interface RunningStack {
  pid: number;
  env: Record<string, string>;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Writes down the servers that this process runs, for test runs on the same machine. */
export const announceStack = async (env: Record<string, string>): Promise<void> => {
  await mkdir(new URL('./', FILE), { recursive: true });
  await writeFile(FILE, JSON.stringify({ pid: process.pid, env } satisfies RunningStack), { mode: 0o600 });
};

export const withdrawStack = (): Promise<void> => rm(FILE, { force: true });

/** Returns the environment of the servers that `npm run test:stack` runs, or undefined when it doesn't. */
export const findRunningStack = async (): Promise<Record<string, string> | undefined> => {
  try {
    const stack: RunningStack = JSON.parse(await readFile(FILE, 'utf8'));
    return isAlive(stack.pid) ? stack.env : undefined;
  } catch {
    return undefined;
  }
};
