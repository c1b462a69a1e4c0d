import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { plain } from './support/make-picture.ts';
import { makeWithFfmpeg, probe } from './support/make-video.ts';
import { fixture } from './support/stack.ts';

const BUNNY = fixture('big-buck-bunny-5s.mp4');
const PHOTO = fixture('china.jpg');

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.create();
  await harness.startWorker({ LANES: 'media' });
});
afterAll(() => harness.close());

const made = async (content: Uint8Array, fields = {}, withinMs?: number) => {
  const final = await harness.process(content, fields, withinMs);
  expect(final).toMatchObject({ success: true });
  const entries = Object.fromEntries((final.processed ?? []).map((entry) => [entry.quality, entry]));
  return { final, entries, bytesOf: (quality: string) => harness.download(entries[quality]?.url ?? '') };
};

describe('a picture that only ffmpeg reads', () => {
  it.each(['bmp', 'jxl'])('%s has every quality', async (extension) => {
    const { entries } = await made(await makeWithFfmpeg(['-i', PHOTO], extension));
    expect(Object.keys(entries).sort()).toEqual(['high', 'low', 'medium', 'thumbnail']);
    expect(entries.high).toMatchObject({ width: 640, height: 427 });
  });

  it('an icon has its largest picture', async () => {
    const { final } = await made(await makeWithFfmpeg(['-i', PHOTO, '-vf', 'scale=64:64'], 'ico'));
    expect(final).toMatchObject({ kind: 'image', width: 64, height: 64 });
  });
});

it('a long screenshot stays readable', async () => {
  const { entries } = await made(await plain(1_080, 6_000).png().toBuffer());
  expect(entries.high).toMatchObject({ width: 1_080, height: 6_000 });
  expect(entries.medium).toMatchObject({ width: 720, height: 4_000 });
});

describe('an animation', () => {
  const SOURCE = 'testsrc=s=200x100:r=10:d=1';
  it.each([
    ['APNG', ['-plays', '0', '-f', 'apng'], 'apng'],
    ['AVIF', ['-pix_fmt', 'yuv420p', '-c:v', 'libaom-av1', '-cpu-used', '8', '-f', 'avif'], 'avif'],
    ['GIF', [], 'gif'],
  ])('%s keeps moving', async (_, args, extension) => {
    const { final, bytesOf } = await made(
      await makeWithFfmpeg(['-f', 'lavfi', '-i', SOURCE, ...args], extension),
    );
    expect(final).toMatchObject({ kind: 'image', width: 200, height: 100 });
    expect(await sharp(await bytesOf('high')).metadata()).toMatchObject({ pages: 10, width: 200 });
    expect((await sharp(await bytesOf('thumbnail')).metadata()).pages ?? 1).toBe(1);
  });

  it.each([
    ['GIF', [], 'gif'],
    ['APNG', ['-plays', '0', '-f', 'apng'], 'apng'],
    ['AVIF', ['-pix_fmt', 'yuv420p', '-c:v', 'libaom-av1', '-cpu-used', '8', '-f', 'avif'], 'avif'],
    ['WebP', ['-c:v', 'libwebp_anim', '-loop', '0'], 'webp'],
  ])('%s of more frames than are kept has fewer, and lasts as long', async (_, args, extension) => {
    const source = ['-f', 'lavfi', '-i', 'testsrc=s=64x48:r=20:d=30', ...args];
    const { final, bytesOf } = await made(await makeWithFfmpeg(source, extension));
    expect(final).toMatchObject({ kind: 'image', width: 64, height: 48 });
    const low = await bytesOf('low');
    const { pages = 0, delay = [] } = await sharp(low).metadata();
    expect(pages).toBeGreaterThan(400);
    expect(pages).toBeLessThanOrEqual(501);
    const length = delay.reduce((sum, one) => sum + one, 0);
    expect(length).toBeGreaterThan(28_000);
    expect(length).toBeLessThan(32_000);
    const pixels = (page: number) => sharp(low, { page }).raw().toBuffer();
    expect((await pixels(0)).equals(await pixels(pages - 1))).toBe(false);
  });

  it('of more pixels than are kept has smaller frames, once for all qualities', async () => {
    // 600 frames, in which a square moves.
    const wall = ['-f', 'lavfi', '-i', 'color=red:s=800x450:r=50:d=12'];
    const square = ['-f', 'lavfi', '-i', 'color=blue:s=60x60:r=50:d=12'];
    const source = [...wall, ...square, '-filter_complex', "overlay=x='mod(n*7,740)':y=200"];
    const { entries, bytesOf } = await made(await makeWithFfmpeg(source, 'gif'));
    const { pages = 0, width = 0 } = await sharp(await bytesOf('high')).metadata();
    expect(pages).toBeGreaterThan(400);
    expect(width).toBeGreaterThan(200);
    expect(new Set([entries.high?.url, entries.medium?.url, entries.low?.url]).size).toBe(1);
  });
});

describe('a derivative', () => {
  it('of the same size as another is the same object', async () => {
    const { entries, final } = await made(await plain(300, 200).png().toBuffer());
    expect(new Set([entries.high?.url, entries.medium?.url, entries.low?.url]).size).toBe(1);
    expect(final.processed).toHaveLength(4);
  });

  it('is not larger than its source', async () => {
    const gif = await makeWithFfmpeg(['-t', '2', '-i', BUNNY, '-vf', 'fps=10,scale=320:180', '-an'], 'gif');
    for (const source of [gif, await sharp(PHOTO).png({ palette: true, colours: 16 }).toBuffer()]) {
      const { final } = await made(source);
      for (const { size } of final.processed ?? []) expect(size).toBeLessThanOrEqual(source.length);
    }
  });

  it('of flat graphics keeps every colour', async () => {
    const text = '<svg width="600" height="200"><rect width="600" height="200"/>'.concat(
      '<text x="20" y="120" font-size="40" fill="#ff0000">error: 42 failed</text></svg>',
    );
    const { bytesOf } = await made(await sharp(Buffer.from(text)).png().toBuffer());
    const { channels } = await sharp(await bytesOf('high')).stats();
    expect(channels[0]?.max).toBeGreaterThan(245);
  });
});

describe('sound', () => {
  it.each([
    ['aiff', 'aiff', ['-c:a', 'pcm_s16be']],
    ['caf', 'caf', ['-c:a', 'alac']],
    ['wma', 'wma', ['-c:a', 'wmav2', '-ac', '2']],
    ['wav', 'wav', ['-c:a', 'adpcm_ms', '-ac', '1']],
    ['vorbis', 'ogg', ['-c:a', 'libvorbis']],
  ] as const)('that some browser does not play gets an m4a: %s', async (_, extension, codec) => {
    const sound = await makeWithFfmpeg(['-t', '1', '-i', BUNNY, '-vn', ...codec], extension);
    const { final, entries, bytesOf } = await made(sound);
    expect(final).toMatchObject({ kind: 'audio' });
    expect(entries.original).toMatchObject({ format: 'm4a' });
    expect((await bytesOf('original')).toString('latin1', 4, 8)).toBe('ftyp');
  });

  it('of an old phone gets an m4a', async () => {
    // A second of AMR: 50 frames of 12.2 kbit/s.
    const frame = Buffer.from([0x3c, ...Buffer.alloc(31)]);
    const amr = Buffer.concat([Buffer.from('#!AMR\n'), ...Array.from({ length: 50 }, () => frame)]);
    const { final, entries } = await made(amr);
    expect(final).toMatchObject({ kind: 'audio', contentType: 'audio/amr' });
    expect(entries.original).toMatchObject({ format: 'm4a' });
  });

  it('of 40 minutes gets an m4a and a waveform', async () => {
    // Silence, then a tone in the last tenth.
    const tone = "sine=r=8000:d=2400,volume=0:enable='lt(t,2160)'";
    const source = await makeWithFfmpeg(['-f', 'lavfi', '-i', tone, '-c:a', 'flac'], 'flac');
    const { final, bytesOf } = await made(source, {}, 90_000);
    expect(final).toMatchObject({ kind: 'audio', durationMs: 2_400_000 });
    const waveform = final.waveform ?? [];
    expect(waveform).toHaveLength(100);
    expect(Math.max(...waveform.slice(0, 89))).toBeLessThan(5);
    expect(Math.min(...waveform.slice(91))).toBeGreaterThan(90);
    const { format, streams } = await probe(await bytesOf('original'));
    expect(Number(format.duration)).toBeCloseTo(2_400, 0);
    expect(streams).toMatchObject([{ codec_name: 'aac', channels: 2 }]);
  }, 120_000);

  it.each([
    ['mp3', 'mp3', ['-c:a', 'libmp3lame']],
    ['m4a', 'm4a', ['-c:a', 'aac']],
    ['opus', 'ogg', ['-c:a', 'libopus']],
  ])('that plays everywhere is delivered as it is, with a waveform: %s', async (_, extension, codec) => {
    const { final, entries } = await made(
      await makeWithFfmpeg(['-f', 'lavfi', '-i', 'sine=d=1', ...codec], extension),
    );
    expect(entries.original).toBeUndefined();
    expect(final.waveform).toHaveLength(100);
    expect(Math.max(...(final.waveform ?? []))).toBe(100);
  });

  it.each(['mp3', 'm4a', 'flac'])('shows its cover: %s', async (extension) => {
    const cover = [
      '-i',
      PHOTO,
      '-map',
      '0:a',
      '-map',
      '1:v',
      '-c:v',
      'mjpeg',
      '-disposition:v',
      'attached_pic',
    ];
    const { final, entries } = await made(
      await makeWithFfmpeg(['-t', '1', '-i', BUNNY, ...cover], extension),
    );
    expect(final).toMatchObject({ kind: 'audio', thumbhash: expect.any(String) });
    expect(entries.thumbnail).toMatchObject({ format: 'webp', width: 320, height: 214 });
  });
});

describe('a PDF', () => {
  const pdf = (pages: number) => {
    const kids = Array.from({ length: pages }, (_, index) => `${index + 3} 0 R`).join(' ');
    const objects = [
      '<</Type/Catalog/Pages 2 0 R>>',
      `<</Type/Pages/Kids[${kids}]/Count ${pages}>>`,
      ...Array.from({ length: pages }, () => '<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]>>'),
    ];
    const body = objects.map((object, index) => `${index + 1} 0 obj${object}endobj`).join('\n');
    return Buffer.from(`%PDF-1.4\n${body}\ntrailer<</Root 1 0 R>>\n%%EOF\n`);
  };

  it('shows its first page and says how many there are', async () => {
    const { final, entries } = await made(pdf(3));
    expect(final).toMatchObject({ kind: 'document', contentType: 'application/pdf', pageCount: 3 });
    expect(entries.thumbnail).toMatchObject({ format: 'webp', width: 214, height: 320 });
  });

  it('that cannot be drawn is a document all the same', async () => {
    const { final } = await made(Buffer.from('%PDF-1.4\nnothing\n%%EOF\n'));
    expect(final).toMatchObject({ kind: 'document', processed: [] });
  });
});
