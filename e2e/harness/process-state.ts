import { readFile } from 'node:fs/promises';
import { until } from './until.ts';

/** Waits until a process is stopped (SIGSTOP), as after a failpoint's `pause`. Linux. */
export const untilPaused = (pid: number, withinMs = 30_000): Promise<true> =>
  until(
    async () => {
      // "pid (name) state …"; a name may contain spaces and parentheses.
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T') ? true : undefined;
    },
    { withinMs, what: `process ${pid} to be paused` },
  );
