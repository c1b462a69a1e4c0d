import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type ManagedService, type ProcessSpec, startProcess } from '../src/managed-process.ts';
import { isAlive } from './fixtures/liveness.ts';
import { temporaryDirectory } from './fixtures/temporary-directory.ts';

/** A program of one line of JavaScript, ready at once. */
const script = (source: string, rest: Partial<ProcessSpec> = {}): ProcessSpec => {
  return {
    name: 'script',
    command: process.execPath,
    args: ['-e', source],
    env: {},
    cwd: '/',
    ready: async () => true,
    timeoutMs: 10_000,
    ...rest,
  };
};

const started = async (spec: ProcessSpec): Promise<ManagedService> => {
  const service = await startProcess(spec);
  onTestFinished(() => service.stop());
  return service;
};

const FOREVER = 'setInterval(() => {}, 1000);';

it('tells the end of the log when the program ends before it is ready', async () => {
  const failing = startProcess(
    script("console.error('no such config'); process.exit(3)", { ready: async () => false }),
  );
  await expect(failing).rejects.toThrow(/script ended while starting \(code 3\):\nno such config/);
});

it('tells the end of the log when the program is not ready in time, and ends it', async () => {
  const pids: number[] = [];
  const slow = startProcess(
    script(`console.log(process.pid); ${FOREVER}`, {
      ready: () => new Promise(() => undefined),
      timeoutMs: 1_500,
      onLine: (line) => pids.push(Number(line)),
    }),
  );
  await expect(slow).rejects.toThrow(/script was not ready after 1.5 s:\n\d+/);
  expect(pids).toHaveLength(1);
  expect(pids.filter(isAlive)).toEqual([]);
});

it('names a program that does not exist', async () => {
  await expect(startProcess(script('', { command: '/does/not/exist' }))).rejects.toThrow(
    /script can't be started: .*ENOENT/,
  );
});

it('gives up when told to', async () => {
  const giveUp = new AbortController();
  const starting = startProcess(
    script(FOREVER, {
      signal: giveUp.signal,
      ready: async () => {
        giveUp.abort();
        return false;
      },
    }),
  );
  await expect(starting).rejects.toMatchObject({ name: 'AbortError' });
});

it('kills what ignores the polite signal, together with what it started', async () => {
  const lines: string[] = [];
  const service = await startProcess(
    script(
      `const child = require('node:child_process').spawn(process.execPath, ['-e', '${FOREVER}']);
       process.on('SIGTERM', () => {}); console.log(child.pid); ${FOREVER}`,
      { ready: async () => lines.length > 0, onLine: (line) => lines.push(line), graceMs: 200 },
    ),
  );
  const pids = [service.pid, Number(lines[0])];
  expect(pids.every(isAlive)).toBe(true);
  await service.stop();
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]));
  expect(await service.exited).toEqual({ code: null, signal: 'SIGKILL', expected: true });
});

it('stops a program that is halted', async () => {
  const service = await started(script(FOREVER));
  service.kill('SIGSTOP');
  await service.stop();
  expect(await service.exited).toMatchObject({ signal: 'SIGTERM', expected: true });
});

it('reports an unexpected end, with the last lines', async () => {
  const service = await started(
    script("setTimeout(() => { console.log('that was it'); process.exit(5) }, 200)"),
  );
  expect(await service.exited).toEqual({ code: 5, signal: null, expected: false });
  expect(service.logTail()).toContain('that was it');
});

it('restarts with a new pid and appends to the same log', async () => {
  const logFile = join(await temporaryDirectory(), 'script.log');
  let lines = 0;
  const service = await started(
    script(`console.log('hello'); ${FOREVER}`, {
      logFile,
      onLine: () => lines++,
      ready: async () => (await readFile(logFile, 'utf8')).includes('hello'),
    }),
  );
  const { pid } = service;
  await service.restart();
  expect(service.pid).not.toBe(pid);
  await vi.waitFor(() => expect(lines).toBe(2));
  expect(await readFile(logFile, 'utf8')).toBe('hello\nhello\n');
});
