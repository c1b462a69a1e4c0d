import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

// USER_HZ, the unit of /proc/<pid>/stat: 100 on every Linux that Node runs on.
const TICKS_PER_SECOND = 100;
const LOOK_EVERY_MS = 250;
const QUIET_SECONDS = 0.02;

/** CPU seconds, user and system, that a process has used so far (Linux). */
export const cpuSeconds = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The program's name is in parentheses and may contain anything; the state follows as field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** Resets the peak; {@link peakMib} returns the highest since. */
export const resetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, '5');

/** Highest resident memory since {@link resetPeak}, in MiB (Linux). */
export const peakMib = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error(`no VmHWM for process ${pid}`);
  return Number(kib) / 1_024;
};

/** Resident memory now, in KiB (Linux). */
export const residentKib = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error(`no VmRSS for process ${pid}`);
  return Number(kib);
};

/** Waits until a process is almost idle, so that deferred work counts too; gives up after a while. */
export const untilQuiet = async (pid: number, withinSeconds = 10): Promise<void> => {
  const deadline = performance.now() + withinSeconds * 1_000;
  let before = await cpuSeconds(pid);
  while (performance.now() < deadline) {
    await pause(LOOK_EVERY_MS);
    const now = await cpuSeconds(pid);
    if (now - before <= QUIET_SECONDS) return;
    before = now;
  }
};
