import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, inject, test } from 'vitest';
import { type FaultySystem, printLogOfFailure, startFaultySystem } from '../harness/faulty-system.ts';
import { uploadInTwoRuns } from './interrupted-upload.ts';
import { javaLibraries } from './java/java-libraries.ts';

const PROGRAM = fileURLToPath(new URL('./java/Upload.java', import.meta.url));
const CHUNK_BYTES = 256 * 1_024;

let world: FaultySystem;
let java: Awaited<ReturnType<typeof javaLibraries>>;

beforeAll(async () => {
  java = await javaLibraries();
  world = await startFaultySystem(inject('stack'));
}, 600_000);
afterAll(() => world?.stop());
afterEach(({ task }) => printLogOfFailure(task, world));

test.each([
  ['requests of 10 MiB, its default', 10 * 1_024 * 1_024],
  ['requests of 1.5 MB', 1_500_000],
])('tus-java-client, killed and started again: %s', async (name, requestBytes) => {
  await uploadInTwoRuns(world, `tus-java-client, ${name}`, ({ endpoint, token, file, state }) => ({
    command: java.java,
    args: ['-cp', java.classPath, PROGRAM, endpoint, token, file, state, `${CHUNK_BYTES}`, `${requestBytes}`],
  }));
});
