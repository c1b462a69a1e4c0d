import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { videoFile } from './fixtures.ts';
import { systemProgram } from './system-program.ts';

/** Repeats the fixture's five seconds `times` times, as an mp4 that plays while it loads. */
export const longVideo = async (times: number): Promise<Buffer> => {
  const ffmpeg = await systemProgram({
    programs: ['ffmpeg'],
    aptPackage: 'ffmpeg',
    purpose: 'videos of tests',
  });
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-video-'));
  try {
    const [from, to] = [join(folder, 'in.mp4'), join(folder, 'out.mp4')];
    await writeFile(from, await videoFile());
    await runCommand(
      ffmpeg,
      [
        '-nostdin',
        '-v',
        'error',
        '-stream_loop',
        String(times - 1),
        '-i',
        from,
        '-c',
        'copy',
        '-movflags',
        '+faststart',
        to,
      ],
      { env: process.env },
    );
    return await readFile(to);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
