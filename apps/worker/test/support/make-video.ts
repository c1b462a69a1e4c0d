import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs ffmpeg; the arguments end before the output's name. @returns the output */
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

interface Probed {
  format: { format_name: string; duration: string; tags?: Record<string, string> };
  streams: {
    codec_type: string;
    codec_name: string;
    pix_fmt?: string;
    width?: number;
    height?: number;
    /** Number of pictures. */
    nb_frames?: string;
    sample_aspect_ratio?: string;
    field_order?: string;
    color_transfer?: string;
    color_primaries?: string;
    tags?: Record<string, string>;
    side_data_list?: { rotation?: number }[];
  }[];
}

export const probe = async (content: Uint8Array): Promise<Probed> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-probe-'));
  const file = join(folder, 'file');
  try {
    await writeFile(file, content);
    const { stdout } = await run('ffprobe', [
      '-v',
      'error',
      '-of',
      'json',
      '-show_format',
      '-show_streams',
      file,
    ]);
    return JSON.parse(stdout) as Probed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Returns the file's ISO BMFF boxes in order: if `moov` precedes `mdat`, it plays before it has loaded. */
export const boxesOf = (mp4: Buffer): string[] => {
  const boxes: string[] = [];
  for (let at = 0; at + 8 <= mp4.length; ) {
    const size = mp4.readUInt32BE(at);
    boxes.push(mp4.toString('latin1', at + 4, at + 8));
    at += size === 0 ? mp4.length : size === 1 ? Number(mp4.readBigUInt64BE(at + 8)) : size;
  }
  return boxes;
};
