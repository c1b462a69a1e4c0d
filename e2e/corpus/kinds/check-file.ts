import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Media } from '@claimcheck/contracts/media';
import sharp from 'sharp';
import type { HostileWorld } from '../hostile-world.ts';
import type { CorpusFile } from './corpus-file.ts';

const run = promisify(execFile);
const USER = 'mallory';
const DURATION_TOLERANCE_MS = 150;
const COLOUR_TOLERANCE = 40;

export interface CheckedFile {
  file: CorpusFile;
  media: Media;
  /** The faults of the outcome, in words. */
  complaints: string[];
}

const get = (world: HostileWorld, path: string): Promise<Response> => {
  const authorization = `Bearer ${world.system.tokenFor(USER)}`;
  return fetch(`${world.system.apiUrl}${path}`, { headers: { authorization } });
};

const bytesOf = async (world: HostileWorld, id: string, quality: string): Promise<Buffer | undefined> => {
  const answer = await get(world, `/v1/media/${id}/${quality}`);
  return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
};

/** Types of the streams that a player finds. */
const streamTypes = async (content: Buffer): Promise<string[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-play-'));
  try {
    const path = join(folder, 'file');
    await writeFile(path, content);
    const shown = ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0'];
    return (await run('ffprobe', [...shown, path])).stdout.trim().split('\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const colourComplaints = async (
  thumbnail: Buffer | undefined,
  wanted: readonly number[],
): Promise<string[]> => {
  if (thumbnail === undefined) return ['no thumbnail'];
  const { channels } = await sharp(thumbnail).toColourspace('srgb').removeAlpha().stats();
  const mean = channels.map((channel) => Math.round(channel.mean));
  const isClose = wanted.every((value, index) => Math.abs((mean[index] ?? 0) - value) < COLOUR_TOLERANCE);
  return isClose ? [] : [`colour ${mean.join()} instead of ${wanted.join()}`];
};

const plainComplaints = ({ expected }: CorpusFile, media: Media): string[] => {
  const found: Record<string, unknown> = {
    state: media.state,
    kind: media.kind,
    failure: media.failure?.code,
    width: media.width,
    height: media.height,
    pages: media.page_count,
  };
  const differing = Object.entries(found).filter(([name, value]) => {
    const wanted = expected[name as keyof typeof expected];
    return name === 'failure' ? value !== wanted : wanted !== undefined && value !== wanted;
  });
  const { duration } = expected;
  const isOff =
    duration !== undefined && !(Math.abs((media.duration_ms ?? 0) - duration) <= DURATION_TOLERANCE_MS);
  return [
    ...differing.map(([name, value]) => `${name} ${value} instead of ${expected[name as 'state']}`),
    ...(isOff ? [`${media.duration_ms} ms instead of ${duration}`] : []),
  ];
};

const contentComplaints = async (
  world: HostileWorld,
  { file, id, bytes }: { file: CorpusFile; id: string; bytes: Buffer },
): Promise<string[]> => {
  const { colour, frames, hasSound } = file.expected;
  const source = await bytesOf(world, id, 'source');
  const complaints = source?.equals(bytes) === true ? [] : ['the source is withheld or differs'];
  if (colour !== undefined)
    complaints.push(...(await colourComplaints(await bytesOf(world, id, 'thumbnail'), colour)));
  if (frames !== undefined) {
    const high = await bytesOf(world, id, 'high');
    const pages = high === undefined ? 0 : ((await sharp(high).metadata()).pages ?? 1);
    if (pages !== frames) complaints.push(`${pages} frames instead of ${frames}`);
  }
  if (hasSound !== undefined) {
    const original = await bytesOf(world, id, 'original');
    const types = original === undefined ? [] : await streamTypes(original);
    if (types.includes('audio') !== hasSound) complaints.push(`streams of original: ${types.join()}`);
  }
  return complaints;
};

/** Sends files through the product and checks what members receive. */
export const checkFiles = async (
  world: HostileWorld,
  files: readonly CorpusFile[],
  withinMs: number,
): Promise<CheckedFile[]> => {
  const sent: { file: CorpusFile; id: string; bytes: Buffer }[] = [];
  for (const file of files) {
    const bytes = await file.make();
    sent.push({ file, bytes, id: await world.upload({ bytes, filetype: file.filetype }) });
  }
  await world.untilSettled(
    sent.map(({ id }) => id),
    withinMs,
  );
  const checked: CheckedFile[] = [];
  for (const one of sent) {
    const media = (await (await get(world, `/v1/media/${one.id}`)).json()) as Media;
    const complaints = [...plainComplaints(one.file, media), ...(await contentComplaints(world, one))];
    checked.push({ file: one.file, media, complaints });
  }
  return checked;
};

/** Returns one line for each file with a fault. */
export const complaintsOf = (checked: readonly CheckedFile[]): string[] =>
  checked.flatMap(({ file, complaints }) =>
    complaints.length === 0 ? [] : [`${file.name}: ${complaints.join('; ')}`],
  );
