import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { boxesOf, makeWithFfmpeg, probe } from './support/make-video.ts';
import { fixture } from './support/stack.ts';

const BUNNY = fixture('big-buck-bunny-5s.mp4');

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.create();
  await harness.startWorker();
});
afterAll(() => harness.close());

const transcode = async (content: Uint8Array, contentType: string) => {
  const request = await harness.upload(content, { contentType });
  await harness.requestTranscode(request);
  const final = await harness.response(request, 'final');
  const original = final.processed?.find(({ quality }) => quality === 'original');
  return { request, final, original, mp4: original && (await harness.download(original.url)) };
};

describe('the media lane', () => {
  it('reports poster, size and verdict of a video, and leaves its final response to the other lane', async () => {
    const request = await harness.upload(await readFile(BUNNY), { contentType: 'video/mp4' });
    await harness.request(request);
    expect(await harness.response(request, 'scan')).toMatchObject({ success: true, code: 'clean' });
    const preview = await harness.response(request, 'preview');
    expect(preview).toMatchObject({
      success: true,
      width: 1_280,
      height: 720,
      durationMs: 5_312,
      contentType: 'video/mp4',
    });
    const poster = preview.processed?.[0];
    expect(poster).toMatchObject({ quality: 'thumbnail', format: 'jpg', width: 320, height: 180 });
    const metadata = await sharp(await harness.download(poster?.url ?? '')).metadata();
    expect(metadata).toMatchObject({ format: 'jpeg', width: 320, height: 180 });
    // The next request is answered after the work on the video has ended: still no final response.
    await harness.process(Buffer.from('text'), { contentType: 'text/plain' });
    expect(harness.stagesOf(request.mediaId)).toEqual(['preview', 'scan']);
  });

  it('recognises a recording in a video container as sound', async () => {
    const webm = await makeWithFfmpeg(['-t', '1', '-i', BUNNY, '-vn', '-c:a', 'libopus'], 'webm');
    const final = await harness.process(webm, { contentType: 'audio/webm' });
    expect(final).toMatchObject({ success: true, contentType: 'audio/webm', processed: [] });
    expect(final.durationMs).toBeGreaterThan(900);
  });

  it('measures a sound whose header claims years', async () => {
    const mp3 = await makeWithFfmpeg(['-t', '1', '-i', BUNNY, '-vn', '-c:a', 'libmp3lame'], 'mp3');
    // The number of frames in the header that encoders write: its name, flags, then the number.
    const header = Math.max(mp3.indexOf('Info'), mp3.indexOf('Xing'));
    mp3.writeUInt32BE(0x7f_ff_ff_ff, header + 8);
    const final = await harness.process(mp3, { contentType: 'audio/mpeg' });
    expect(final).toMatchObject({ success: true, contentType: 'audio/mpeg' });
    expect(final.durationMs).toBeGreaterThan(900);
    expect(final.durationMs).toBeLessThan(1_200);
  });

  it.each([
    ['without its index', [] as string[], 0.6],
    ['with its index, without its end', ['-movflags', '+faststart'], 0.6],
    ['without its last packets', ['-movflags', '+faststart'], 0.98],
  ])('refuses an mp4 that was cut off: %s', async (_, flags, part) => {
    const whole = await makeWithFfmpeg(['-i', BUNNY, '-c', 'copy', ...flags], 'mp4');
    const final = await harness.process(whole.subarray(0, Math.floor(whole.length * part)), {
      contentType: 'video/mp4',
    });
    expect(final).toMatchObject({ success: false, code: 'unreadable', retryable: false });
  });

  it('passes on a playlist that calls itself a video as the text it is, without following it', async () => {
    const playlist = '#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n';
    const final = await harness.process(Buffer.from(playlist), { contentType: 'video/mp4' });
    expect(final).toMatchObject({
      success: true,
      kind: 'document',
      contentType: 'text/plain',
      processed: [],
    });
  });
});

describe('the transcode lane', () => {
  it('rewrites a playable mp4 without encoding it, and removes its location', async () => {
    const filmed = await makeWithFfmpeg(
      ['-i', BUNNY, '-c', 'copy', '-metadata', 'location=+48.2082+016.3738/', '-metadata:s:v', 'rotate=90'],
      'mp4',
    );
    expect((await probe(filmed)).format.tags?.location).toContain('+48.2082');

    const { final, original, mp4 } = await transcode(filmed, 'video/mp4');
    expect(final).toMatchObject({ success: true, width: 720, height: 1_280, durationMs: 5_312 });
    expect(original).toMatchObject({ format: 'mp4', width: 720, height: 1_280, size: mp4?.length });
    const thumbnail = final.processed?.find(({ quality }) => quality === 'thumbnail');
    expect(thumbnail).toMatchObject({ format: 'jpg', width: 180, height: 320 });

    const result = await probe(mp4 ?? Buffer.alloc(0));
    expect(result.streams.map((stream) => stream.codec_name)).toEqual(['h264', 'aac']);
    expect(JSON.stringify([result.format.tags, result.streams.map(({ tags }) => tags)])).not.toMatch(
      /48\.2|location/,
    );
    const boxes = boxesOf(mp4 ?? Buffer.alloc(0));
    expect(boxes.indexOf('moov')).toBeLessThan(boxes.indexOf('mdat'));
  });

  it('encodes HEVC above 1080p to H.264, even-sized, with progress', async () => {
    const hevc = await makeWithFfmpeg(
      [
        ...['-i', BUNNY, '-vf', 'scale=2562:1442,setsar=1', '-an'],
        ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none', '-frames:v', '50'],
      ],
      'mp4',
    );
    const { request, final, original, mp4 } = await transcode(hevc, 'video/mp4');
    expect(final).toMatchObject({ success: true, width: 2_562, height: 1_442 });
    expect(original).toMatchObject({ width: 1_918, height: 1_080 });
    const result = await probe(mp4 ?? Buffer.alloc(0));
    expect(result.streams).toMatchObject([
      { codec_name: 'h264', pix_fmt: 'yuv420p', width: 1_918, height: 1_080 },
    ]);
    const progress = harness.responses.messages.filter(
      ({ mediaId, stage }) => mediaId === request.mediaId && stage === 'progress',
    );
    const percents = progress.map(({ percent }) => percent ?? -1);
    expect(percents.length).toBeGreaterThan(0);
    expect(percents).toEqual([...new Set(percents)].sort((a, b) => a - b));
  }, 120_000);

  it('encodes WebM', async () => {
    const webm = await makeWithFfmpeg(
      [
        '-t',
        '1',
        '-i',
        BUNNY,
        '-vf',
        'scale=321:-2',
        '-c:v',
        'libvpx',
        '-deadline',
        'realtime',
        '-c:a',
        'libopus',
      ],
      'webm',
    );
    const { final, mp4 } = await transcode(webm, 'video/webm');
    expect(final).toMatchObject({ success: true, contentType: 'video/webm' });
    const codecs = (await probe(mp4 ?? Buffer.alloc(0))).streams.map((stream) => stream.codec_name);
    expect(codecs).toEqual(['h264', 'aac']);
  });

  it.each([
    ['wide ones, copied', 'libx264', 'scale=960:720,setsar=4/3', [1_280, 720], [960, 720, '4:3']],
    ['wide ones, encoded', 'mpeg4', 'scale=480:360,setsar=4/3', [640, 360], [640, 360, '1:1']],
    ['high ones', 'mpeg4', 'scale=640:180,setsar=1/2', [640, 360], [640, 360, '1:1']],
    [
      'absurd ones, which are not believed',
      'libx264',
      'scale=640:360,setsar=50',
      [640, 360],
      [640, 360, '1:1'],
    ],
  ])(
    'keeps the shape of pixels that are not square: %s',
    async (_, codec, filter, [width, height], stored) => {
      const video = await makeWithFfmpeg(
        ['-t', '1', '-i', BUNNY, '-an', '-vf', filter, '-c:v', codec],
        'mp4',
      );
      const { final, original, mp4 } = await transcode(video, 'video/mp4');
      expect(final).toMatchObject({ success: true, width, height });
      expect(original).toMatchObject({ width, height });
      const thumbnail = final.processed?.find(({ quality }) => quality === 'thumbnail');
      expect(thumbnail).toMatchObject({ width: 320, height: 180 });
      const [stream] = (await probe(mp4 ?? Buffer.alloc(0))).streams;
      expect([stream?.width, stream?.height, stream?.sample_aspect_ratio]).toEqual(stored);
    },
  );

  it('refuses a file that is not a video', async () => {
    const { final } = await transcode(await readFile(fixture('flower.jpg')), 'image/jpeg');
    expect(final).toMatchObject({ success: false, code: 'unsupported_type', retryable: false });
  });
});
