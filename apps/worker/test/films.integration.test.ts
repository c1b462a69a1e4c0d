import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { makeWithFfmpeg, probe } from './support/make-video.ts';
import { fixture } from './support/stack.ts';

const BUNNY = fixture('big-buck-bunny-5s.mp4');
const run = promisify(execFile);

let harness: Harness;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-films-'));
  harness = await Harness.create();
  await harness.startWorker({ VIDEO_DELIVERY: 'both', HLS_MIN_DURATION: '1s' });
});
afterAll(async () => {
  await harness.close();
  await rm(folder, { recursive: true, force: true });
});

const transcoded = async (content: Uint8Array) => {
  const request = await harness.upload(content);
  await harness.requestTranscode(request);
  const final = await harness.response(request, 'final', 60_000);
  expect(final).toMatchObject({ success: true });
  const urlOf = (format: string) => final.processed?.find((one) => one.format === format)?.url ?? '';
  return { final, mp4: await harness.download(urlOf('mp4')), urlOf, request };
};

/** Returns presentation times of the frames, in seconds. */
const timesOf = async (mp4: Buffer): Promise<number[]> => {
  const path = join(folder, 'film.mp4');
  await writeFile(path, mp4);
  const shown = ['-select_streams', 'v:0', '-show_entries', 'frame=pts_time', '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...shown, path]);
  return stdout.trim().split('\n').map(Number.parseFloat);
};

it('reordered frames of an AVI are displayed in their order', async () => {
  const codecs = ['-vf', 'scale=160:90', '-c:v', 'libx264', '-bf', '3', '-c:a', 'libmp3lame'];
  const { mp4 } = await transcoded(await makeWithFfmpeg(['-t', '1', '-i', BUNNY, ...codecs], 'avi'));
  const times = await timesOf(mp4);
  expect(times.length).toBeGreaterThan(20);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
});

it.each([90, 180, 270])('a film turned by %i degrees is upright in HLS, too', async (degrees) => {
  const small = await makeWithFfmpeg(
    ['-t', '1.5', '-i', BUNNY, '-vf', 'scale=320:180', '-c:v', 'libx264', '-preset', 'ultrafast'],
    'mp4',
  );
  const path = join(folder, `turned-${degrees}.mp4`);
  await writeFile(path, small);
  const turned = await makeWithFfmpeg(
    ['-i', path, '-c', 'copy', '-metadata:s:v:0', `rotate=${degrees}`],
    'mp4',
  );
  const { request, final } = await transcoded(turned);
  const size = degrees === 180 ? { width: 320, height: 180 } : { width: 180, height: 320 };
  expect(final).toMatchObject(size);
  const init = await harness.download(`s3://${harness.storage.bucket}/${request.mediaId}/e1/hls/r0_init.mp4`);
  const segment = await harness.download(
    `s3://${harness.storage.bucket}/${request.mediaId}/e1/hls/r0_00000.m4s`,
  );
  const [stream] = (await probe(Buffer.concat([init, segment]))).streams;
  expect(stream).toMatchObject({ codec_name: 'h264', ...size });
  expect(stream?.side_data_list?.some(({ rotation }) => rotation !== undefined) ?? false).toBe(false);
});

describe('a poster', () => {
  const posterOf = async (filter: string): Promise<number> => {
    const film = await makeWithFfmpeg(['-i', BUNNY, '-vf', `scale=160:90,${filter}`, '-an'], 'mp4');
    const request = await harness.upload(film);
    await harness.request(request);
    const preview = await harness.response(request, 'preview');
    const { channels } = await sharp(await harness.download(preview.processed?.[0]?.url ?? '')).stats();
    return Math.max(...channels.map(({ mean }) => mean));
  };

  it.each([1, 2, 3])('is not black if the film is black for its first %i seconds', async (seconds) => {
    const isBlack = `drawbox=t=fill:color=black:enable='lt(t,${seconds})'`;
    expect(await posterOf(isBlack)).toBeGreaterThan(40);
  });

  it('is black if the film is', async () => {
    expect(await posterOf('drawbox=t=fill:color=black')).toBeLessThan(20);
  });
});

it('interlaced films become progressive', async () => {
  const fields = ['-vf', 'scale=320:180,interlace', '-flags', '+ilme+ildct', '-c:v', 'mpeg2video', '-an'];
  const { mp4 } = await transcoded(await makeWithFfmpeg(['-t', '1', '-i', BUNNY, ...fields], 'mpg'));
  expect((await probe(mp4)).streams[0]).toMatchObject({ codec_name: 'h264', field_order: 'progressive' });
});
