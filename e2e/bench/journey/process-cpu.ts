import { readdir, readFile } from 'node:fs/promises';

// USER_HZ, the unit of /proc/<pid>/stat: 100 on every Linux that Node runs on.
const MS_PER_TICK = 10;

interface Stat {
  parent: number;
  /** User and system, its own. */
  own: number;
  /** Children that have ended and were waited for. */
  ended: number;
}

const statOf = async (pid: number): Promise<Stat | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const sum = (...indices: number[]) => indices.reduce((total, index) => total + Number(fields[index]), 0);
  return { parent: Number(fields[1]), own: sum(11, 12), ended: sum(13, 14) };
};

/** Returns the CPU milliseconds of a process and of all its children, ended ones too (Linux). */
export const cpuOfTree = async (pid: number): Promise<number> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = new Map<number, Stat>();
  for (const other of pids) {
    const stat = await statOf(other);
    if (stat !== undefined) stats.set(other, stat);
  }
  const sumOf = (root: number): number => {
    const stat = stats.get(root);
    if (stat === undefined) return 0;
    const children = [...stats].filter(([, { parent }]) => parent === root);
    return children.reduce((total, [child]) => total + sumOf(child), stat.own + stat.ended);
  };
  return sumOf(pid) * MS_PER_TICK;
};
