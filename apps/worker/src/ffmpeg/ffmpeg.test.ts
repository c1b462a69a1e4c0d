import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ffmpeg } from './ffmpeg.ts';
import { findProgram } from './find-program.ts';
import { runProgram } from './run-program.ts';

const path = (name: string) => findProgram(name, process.env.PATH ?? '');
const programs = {
  ffmpeg: path('ffmpeg') ?? 'ffmpeg',
  ffprobe: path('ffprobe') ?? 'ffprobe',
  nice: path('nice'),
  prlimit: path('prlimit'),
  setpriv: path('setpriv'),
};
const { signal } = new AbortController();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-ffmpeg-'));
  const pattern = ['-f', 'lavfi', '-i', 'testsrc2=s=3840x2160:r=30:d=0.5'];
  const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  await runProgram({
    command: [programs.ffmpeg, '-nostdin', '-v', 'error', ...pattern, ...encoder, 'input.mp4'],
    cwd: folder,
    timeoutMs: 60_000,
    signal,
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([2, 128])(
  'encodes a 4K video within its memory on a machine of %i cores',
  async (cores) => {
    const file = `output-${cores}.mp4`;
    await new Ffmpeg(programs, { maxPixels: 3_840 * 2_160, cores }).convert(
      { folder, file: 'input.mp4', demuxer: 'mov' },
      {
        signal,
        timeoutMs: 60_000,
        output: ['-vf', 'scale=1920:1080', '-c:v', 'libx264', '-preset', 'veryfast', '-f', 'mp4', file],
      },
    );
    expect((await stat(join(folder, file))).size).toBeGreaterThan(1_000);
  },
  60_000,
);
