import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runToEnd } from './run-to-end.ts';

let empty: string;
let withFfmpeg: string;

beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'claimcheck-no-programs-'));
  withFfmpeg = await mkdtemp(join(tmpdir(), 'claimcheck-ffmpeg-alone-'));
  await symlink('/bin/true', join(withFfmpeg, 'ffmpeg'));
});
afterAll(() => Promise.all([empty, withFfmpeg].map((folder) => rm(folder, { recursive: true }))));

// Without apt-get on PATH nothing can be installed, so the run names missing programs before it starts a server.
test.each([
  ['e2e/run-soak.ts', ['cuts'], () => empty, 'ffmpeg is missing (needed for video)'],
  ['e2e/run-soak.ts', ['dashboards'], () => withFfmpeg, 'chromium is missing (needed for browser tests)'],
  ['e2e/bench/run-bench.ts', ['pipeline'], () => empty, 'ffmpeg is missing (needed for video)'],
])('%s %j says at once what the machine lacks', async (script, args, path, says) => {
  const { code, out, error } = await runToEnd(script, { PATH: path() }, args);
  expect(code).toBe(1);
  expect(error).toContain(`${says}. Install it: "apt-get install `);
  expect(out).toBe('');
});
