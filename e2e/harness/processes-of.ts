import { readFile } from 'node:fs/promises';

/** The processes that a process has started and that still run, and those that they have. Linux. */
export const descendantsOf = async (pid: number): Promise<number[]> => {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text
    .split(' ')
    .filter((id) => id !== '')
    .map(Number);
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
};
