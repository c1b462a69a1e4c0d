import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, inject, test } from 'vitest';
import { type FaultySystem, printLogOfFailure, startFaultySystem } from '../harness/faulty-system.ts';
import { uploadInTwoRuns } from './interrupted-upload.ts';
import { pythonEnvironment } from './python/python-environment.ts';

const PROGRAM = fileURLToPath(new URL('./python/upload.py', import.meta.url));

let world: FaultySystem;
let python: string;

beforeAll(async () => {
  python = await pythonEnvironment();
  world = await startFaultySystem(inject('stack'));
}, 600_000);
afterAll(() => world?.stop());
afterEach(({ task }) => printLogOfFailure(task, world));

test.each([
  ['chunks of 1 MiB', { chunk_size: 1_048_576, checksum: false }],
  ['chunks of 3 MB, each with a checksum', { chunk_size: 3_000_000, checksum: true }],
])('tuspy, killed and started again: %s', async (name, options) => {
  await uploadInTwoRuns(world, `tuspy ${name}`, (task) => ({
    command: python,
    args: [PROGRAM, JSON.stringify({ ...task, ...options })],
  }));
});
