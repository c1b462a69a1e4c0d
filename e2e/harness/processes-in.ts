import { readdir, readlink } from 'node:fs/promises';

/** Returns process ids whose working directory is below `folder`. Linux. */
export const processesIn = async (folder: string): Promise<number[]> => {
  const ids = (await readdir('/proc')).map(Number).filter((id) => Number.isInteger(id) && id > 0);
  const found: number[] = [];
  for (const id of ids) {
    // It may have ended in between.
    const cwd = await readlink(`/proc/${id}/cwd`).catch(() => '');
    if (cwd.startsWith(`${folder}/`)) found.push(id);
  }
  return found;
};
