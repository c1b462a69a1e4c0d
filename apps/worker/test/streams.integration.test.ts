import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { makeWithFfmpeg, probe } from './support/make-video.ts';
import { fixture } from './support/stack.ts';

const BUNNY = fixture('big-buck-bunny-5s.mp4');

let harness: Harness;
let folder: string;
let subtitles: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-streams-'));
  subtitles = join(folder, 'subtitles.srt');
  await writeFile(subtitles, '1\n00:00:00,000 --> 00:00:09,000\nHello\n');
  harness = await Harness.create();
  await harness.startWorker();
});
afterAll(async () => {
  await harness.close();
  await rm(folder, { recursive: true, force: true });
});

const SHORT = ['-t', '1', '-i', BUNNY];
const SMALL = ['-vf', 'scale=160:90', '-c:v', 'libx264', '-preset', 'ultrafast'];

const transcoded = async (content: Uint8Array) => {
  const request = await harness.upload(content);
  await harness.request(request);
  const preview = await harness.response(request, 'preview');
  await harness.requestTranscode(request);
  const final = await harness.response(request, 'final');
  const original = final.processed?.find(({ quality }) => quality === 'original');
  return { preview, final, mp4: original && (await probe(await harness.download(original.url))) };
};

describe('an unused stream never decides', () => {
  it.each([
    ['mov_text in mp4', 'mp4', 'mov_text'],
    ['SubRip in Matroska', 'mkv', 'srt'],
    ['ASS in Matroska', 'mkv', 'ass'],
  ])('%s, which outlasts the film', async (_, extension, codec) => {
    const args = [
      ...SHORT,
      '-i',
      subtitles,
      '-map',
      '0',
      '-map',
      '1',
      ...SMALL,
      '-c:a',
      'aac',
      '-c:s',
      codec,
    ];
    const { preview, final, mp4 } = await transcoded(await makeWithFfmpeg(args, extension));
    expect(preview).toMatchObject({ success: true, kind: 'video', width: 160, height: 90 });
    expect(final).toMatchObject({ success: true });
    expect(mp4?.streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
  });

  it('WebVTT in WebM', async () => {
    const args = [...SHORT, '-i', subtitles, '-map', '0', '-map', '1', '-vf', 'scale=160:90'];
    const webm = await makeWithFfmpeg(
      [...args, '-c:v', 'libvpx', '-c:a', 'libopus', '-c:s', 'webvtt'],
      'webm',
    );
    expect((await transcoded(webm)).final).toMatchObject({ success: true, contentType: 'video/webm' });
  });

  it('a second picture stream in a codec that is not decoded here', async () => {
    const args = [...SHORT, '-map', '0:v', '-map', '0:v', '-map', '0:a', '-vf', 'scale=160:90'];
    const codecs = ['-c:v:0', 'zmbv', '-c:v:1', 'libx264', '-c:a', 'aac'];
    const { final, mp4 } = await transcoded(await makeWithFfmpeg([...args, ...codecs], 'mkv'));
    expect(final).toMatchObject({ success: true });
    expect(mp4?.streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
  });

  it('sound of which none is decoded here fails the transcode, and leaves the poster', async () => {
    const args = [...SHORT, ...SMALL, '-c:a', 'adpcm_argo', '-ar', '44100'];
    const mkv = await makeWithFfmpeg([...args.slice(0, -4), '-c:a', 'dfpwm'], 'mov').catch(() => undefined);
    if (mkv === undefined) return;
    const { preview, final } = await transcoded(mkv);
    expect(preview).toMatchObject({ success: true, kind: 'video' });
    expect(final).toMatchObject({ success: false, code: 'unsupported_codec' });
  });
});

describe('a codec that people send', () => {
  it.each([
    ['dv', 'mov', ['-vf', 'scale=720:576,fps=25', '-c:v', 'dvvideo', '-pix_fmt', 'yuv420p', '-an']],
    ['dnxhr', 'mov', ['-vf', 'scale=320:180', '-c:v', 'dnxhd', '-profile:v', 'dnxhr_lb', '-an']],
    ['huffyuv', 'avi', ['-vf', 'scale=160:90', '-c:v', 'huffyuv', '-an']],
    ['cinepak', 'avi', ['-vf', 'scale=160:88', '-c:v', 'cinepak', '-frames:v', '3', '-an']],
    ['qtrle', 'mov', ['-vf', 'scale=160:90', '-c:v', 'qtrle', '-an']],
    ['ffv1', 'mkv', ['-vf', 'scale=160:90', '-c:v', 'ffv1', '-c:a', 'pcm_f64le']],
    [
      'raw video',
      'avi',
      ['-vf', 'scale=160:90', '-c:v', 'rawvideo', '-pix_fmt', 'yuv420p', '-c:a', 'adpcm_ms'],
    ],
    [
      'Windows Media',
      'wmv',
      ['-vf', 'scale=160:90', '-r', '25', '-c:v', 'wmv2', '-c:a', 'wmav2', '-ac', '2'],
    ],
    ['QuickTime sound', 'mov', ['-vf', 'scale=160:90', '-c:v', 'mpeg4', '-c:a', 'adpcm_ima_qt']],
  ])('%s is played', async (_, extension, args) => {
    const video = await makeWithFfmpeg(['-t', '0.5', '-i', BUNNY, ...args], extension);
    const { final, mp4 } = await transcoded(video);
    expect(final).toMatchObject({ success: true, kind: 'video' });
    expect(mp4?.streams[0]?.codec_name).toBe('h264');
  });
});

it('a last picture shown for long is not a truncated file', async () => {
  const source = ['-f', 'lavfi', '-i', 'testsrc=s=160x90:r=2:d=2', '-pix_fmt', 'yuv420p', '-c:v', 'libvpx'];
  const webm = await makeWithFfmpeg(source, 'webm');
  // The element Duration (EBML id 0x4489) with 8 bytes of a floating-point number: milliseconds.
  webm.writeDoubleBE(10_000, webm.indexOf(Buffer.from([0x44, 0x89, 0x88])) + 3);
  const { final } = await transcoded(webm);
  expect(final).toMatchObject({ success: true, durationMs: 10_000 });
});

describe('the length of a sound', () => {
  it.each(['mp3', 'aac', 'ac3', 'flac', 'wav', 'ogg'])('is right for %s', async (extension) => {
    const quietAfterNoise = [
      ...[
        '-f',
        'lavfi',
        '-i',
        'anoisesrc=a=0.5:d=1:r=44100',
        '-f',
        'lavfi',
        '-i',
        'anullsrc=r=44100:cl=mono:d=7',
      ],
      ...['-filter_complex', '[0][1]concat=n=2:v=0:a=1'],
      ...(extension === 'mp3' ? ['-q:a', '2', '-write_xing', '0', '-id3v2_version', '0'] : []),
    ];
    const final = await harness.process(await makeWithFfmpeg(quietAfterNoise, extension));
    expect(final).toMatchObject({ success: true, kind: 'audio' });
    expect(final.durationMs).toBeGreaterThan(7_900);
    expect(final.durationMs).toBeLessThan(8_200);
  });
});
