import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { findProgram } from './find-program.ts';
import { runProgram } from './run-program.ts';

const program = (name: string): string => findProgram(name, process.env.PATH ?? '') ?? name;
const options = { cwd: tmpdir(), timeoutMs: 20_000, signal: new AbortController().signal };

/** Returns process ids of a process group that are still alive. */
const membersOf = (group: number): string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return Number(fields[2]) === group && fields[0] !== 'Z';
    } catch {
      return false;
    }
  });

describe('runProgram', () => {
  it('gives an empty environment and no standard input', async () => {
    const seen = await runProgram({ ...options, command: [program('env')] });
    expect(seen).toMatchObject({ ended: 'exited', exitCode: 0, stdout: '' });
    const read = await runProgram({ ...options, command: [program('cat')] });
    expect(read).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('keeps the end of the standard error and the exit code', async () => {
    const result = await runProgram({ ...options, command: [program('sh'), '-c', 'echo oops >&2; exit 3'] });
    expect(result).toMatchObject({ ended: 'exited', exitCode: 3, stderr: 'oops\n' });
  });

  it('passes lines on', async () => {
    const lines: string[] = [];
    const onLine = (line: string) => lines.push(line);
    await runProgram({ ...options, command: [program('printf'), 'a\\nb\\n'], onLine });
    expect(lines).toEqual(['a', 'b']);
  });

  it('is what the kernel ends first when memory is used up', async () => {
    const script = 'until [ "$(cat /proc/$$/oom_score_adj)" = 1000 ]; do :; done';
    const command = [program('sh'), '-c', script] as const;
    expect(await runProgram({ ...options, command })).toMatchObject({ ended: 'exited', exitCode: 0 });
  });

  it('kills the whole group at the time limit, and on abort', async () => {
    const script = 'echo $$; sleep 60 & sleep 60';
    for (const how of ['timeout', 'abort'] as const) {
      const controller = new AbortController();
      let group = 0;
      const running = runProgram({
        cwd: tmpdir(),
        timeoutMs: how === 'timeout' ? 300 : 20_000,
        signal: controller.signal,
        command: [program('sh'), '-c', script],
        onLine: (line) => {
          group = Number(line);
          if (how === 'abort') controller.abort(new Error('stop'));
        },
      });
      if (how === 'timeout') expect(await running).toMatchObject({ ended: 'timed_out' });
      else await expect(running).rejects.toThrow('stop');
      expect(group).toBeGreaterThan(0);
      await expect.poll(() => membersOf(group)).toEqual([]);
    }
  });

  it('says when there is no such program', async () => {
    await expect(runProgram({ ...options, command: ['/nonexistent'] })).rejects.toThrow('could not start');
  });
});
