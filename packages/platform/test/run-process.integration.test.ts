import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('support/example-process.ts', import.meta.url));

/** Runs the example until it ends. @param signalAt sends SIGTERM when this line is logged */
const run = async (env: Record<string, string>, signalAt?: string) => {
  const child = spawn(process.execPath, [SCRIPT], { env: { PATH: process.env.PATH, ...env } });
  const ended = once(child, 'close');
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const lines: Record<string, unknown>[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(JSON.parse(line));
    if (lines.at(-1)?.msg === signalAt) child.kill('SIGTERM');
  }
  const [code] = await ended;
  const fatal = lines.find(({ level }) => level === 'fatal');
  return { code, errors, lines, fatal, said: lines.map(({ msg }) => msg) };
};

test('a process that is ready runs its shutdown on SIGTERM and exits with 0', async () => {
  const { code, said, lines } = await run({}, 'example is ready');
  expect(said).toEqual(['starting', 'example is ready', 'shutting down', 'closed']);
  expect(lines[1]).toMatchObject({ level: 'info', app: 'example', answer: 42 });
  expect(code).toBe(0);
});

test('SIGTERM ends a process that is still starting, and closes what it has opened', async () => {
  const { code, said } = await run({ FAIL: 'hang' }, 'starting');
  expect(said).toEqual(['starting', 'shutting down', 'closed']);
  expect(code).toBe(0);
});

test('a wrong configuration exits with 78 and names the variable on standard error', async () => {
  const { code, errors, said } = await run({ LIMIT: '11' });
  expect(errors).toBe('The configuration is not valid:\n  LIMIT: must be between 1 and 10\n');
  expect(said).toEqual([]);
  expect(code).toBe(78);
});

test('a server that does not answer is one line that names its variable, without a stack', async () => {
  const { code, errors, lines, fatal, said } = await run({ FAIL: 'server' });
  expect(said).toHaveLength(3);
  expect(said.at(-1)).toBe('closed');
  expect(fatal).toMatchObject({
    msg: 'example could not start: Postgres (DATABASE_URL) does not answer',
    reason: 'connect ECONNREFUSED',
  });
  expect(JSON.stringify(lines)).not.toContain('    at ');
  expect(errors).toBe('');
  expect(code).toBe(1);
});

test('an unexpected error keeps its stack, in one line of JSON, and closes what was opened', async () => {
  const { code, errors, fatal, said } = await run({ FAIL: 'bug' });
  expect(said.at(-1)).toBe('closed');
  expect(fatal).toMatchObject({
    msg: 'example could not start',
    err: { message: 'undefined is not a function', stack: expect.stringContaining('    at ') },
  });
  expect(errors).toBe('');
  expect(code).toBe(1);
});

test('buffers that come and go start no full collection for each 64 MiB', async () => {
  const { lines } = await run({ BUFFERS: '20000' }, 'example is ready');
  // 20,000 × 64 KiB would start more than ten.
  expect(lines[1]?.fullCollections).toBeLessThan(5);
});
