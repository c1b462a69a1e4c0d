import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Returns ffmpeg's output for `args`, which end before the output's name. */
export const makeWithFfmpeg = async (args: readonly string[], extension: string): Promise<Buffer> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-make-'));
  const output = join(folder, `output.${extension}`);
  try {
    await run('ffmpeg', ['-nostdin', '-v', 'error', ...args, output]);
    return await readFile(output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
