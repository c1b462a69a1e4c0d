import { readFile } from 'node:fs/promises';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { makeGridHeic } from './support/make-grid-heic.ts';
import { makeWithFfmpeg, probe } from './support/make-video.ts';
import { fixture } from './support/stack.ts';

const MIB = 1024 * 1024;

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.create();
});
afterAll(() => harness.close());

const metricOf = async (port: number, name: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
};

describe('the disk of the jobs', () => {
  it('is released, and a job that would exceed all of it fails for now', async () => {
    const worker = await harness.startWorker({ JOB_DISK_BYTES: String(300 * MIB) });
    const port = await worker.ready();
    const [first, second] = await Promise.all(
      ['one', 'two'].map((text) =>
        harness.process(Buffer.from(text), { contentType: 'text/plain', sizeBytes: text.length }),
      ),
    );
    expect([first?.success, second?.success]).toEqual([true, true]);
    await expect
      .poll(() => metricOf(port, 'claimcheck_job_disk_reserved_bytes'), { timeout: 10_000 })
      .toBe(0);

    const huge = await harness.upload(Buffer.from('says it is huge'), { sizeBytes: 200 * MIB });
    await harness.request(huge);
    expect(await harness.response(huge, 'final')).toMatchObject({
      success: false,
      code: 'processing_failed',
      retryable: true,
    });
    await worker.stop();
  });

  it('has room for a photo while a huge file waits for the end of a video', async () => {
    const worker = await harness.startWorker({ JOB_DISK_BYTES: String(4_096 * MIB) });
    const port = await worker.ready();
    // 1440 lines: it has to be encoded, which takes some seconds.
    const pattern = ['-f', 'lavfi', '-i', 'testsrc2=s=2560x1440:r=30:d=8'];
    const video = await makeWithFfmpeg([...pattern, '-c:v', 'libx264', '-preset', 'ultrafast'], 'mp4');
    const transcode = await harness.upload(video, { contentType: 'video/mp4', sizeBytes: 1_024 * MIB });
    await harness.requestTranscode(transcode);
    await expect
      .poll(() => metricOf(port, 'claimcheck_job_disk_reserved_bytes'), { timeout: 10_000 })
      .toBe((256 + 3 * 1_024) * MIB);

    const huge = await harness.upload(Buffer.from('says it is huge'), { sizeBytes: 1_024 * MIB });
    await harness.request(huge);
    const { name } = harness.bus.streams.media;
    const takenByLane = async () =>
      (await harness.bus.manager.consumers.info(name, CONSUMERS.media)).num_ack_pending;
    await expect.poll(takenByLane, { timeout: 10_000 }).toBe(1);
    const photo = await readFile(fixture('flower.jpg'));
    await harness.process(photo, { contentType: 'image/jpeg', sizeBytes: photo.length });
    expect(harness.stagesOf(huge.mediaId)).toEqual([]);
    expect(harness.stagesOf(transcode.mediaId)).not.toContain('final');

    expect(await harness.response(transcode, 'final')).toMatchObject({ success: true });
    expect(await harness.response(huge, 'final')).toMatchObject({ success: true });
    await worker.stop();
  });
});

describe('a video that grows beyond the limit of pixels', () => {
  beforeAll(async () => {
    const worker = await harness.startWorker({ MAX_IMAGE_PIXELS: '200000' });
    return async () => {
      await worker.stop();
    };
  });

  const second = (size: string, startsAt: number) =>
    makeWithFfmpeg(
      [
        ...['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=25:duration=1`, '-pix_fmt', 'yuv420p'],
        ...['-c:v', 'mpeg2video', '-output_ts_offset', String(startsAt)],
      ],
      'ts',
    );

  it.each([
    ['all of it while it stays below', '640x240', 50],
    ['what is below', '640x480', 25],
  ])('keeps %s', async (_, size, pictures) => {
    const video = Buffer.concat([await second('320x240', 0), await second(size, 1)]);
    const request = await harness.upload(video, { contentType: 'video/mp2t' });
    await harness.requestTranscode(request);
    const final = await harness.response(request, 'final');
    expect(final).toMatchObject({ success: true, width: 320, height: 240 });
    const original = final.processed?.find(({ quality }) => quality === 'original');
    const { streams } = await probe(await harness.download(original?.url ?? ''));
    expect(streams).toMatchObject([{ width: 320, height: 240 }]);
    // One may be lost where the parts meet.
    expect([pictures - 1, pictures]).toContain(Number(streams[0]?.nb_frames));
  });

  it('is refused if it starts so', async () => {
    const request = await harness.upload(await second('640x480', 0), { contentType: 'video/mp2t' });
    await harness.requestTranscode(request);
    expect(await harness.response(request, 'final')).toMatchObject({
      success: false,
      code: 'too_many_pixels',
    });
  });
});

describe('a HEIC photo', () => {
  beforeAll(async () => {
    const worker = await harness.startWorker();
    return async () => {
      await worker.stop();
    };
  });

  it('becomes pictures like any other', async () => {
    const final = await harness.process(await readFile(fixture('china.heic')), { contentType: 'image/heic' });
    expect(final).toMatchObject({ success: true, contentType: 'image/heic', width: 320, height: 213 });
    expect(final.processed?.map(({ quality }) => quality).sort()).toEqual([
      'high',
      'low',
      'medium',
      'thumbnail',
    ]);
    const high = final.processed?.find(({ quality }) => quality === 'high');
    const made = await sharp(await harness.download(high?.url ?? ''))
      .removeAlpha()
      .raw()
      .toBuffer();
    const wanted = await sharp(fixture('china.jpg')).resize(320, 213).raw().toBuffer();
    const difference = made.reduce((sum, value, at) => sum + Math.abs(value - (wanted[at] ?? 0)), 0);
    expect(difference / made.length).toBeLessThan(12);
  });

  const withCodePoints = (heic: Buffer): Buffer => {
    const patched = Buffer.from(heic);
    const at = patched.indexOf('colrprof') + 'colr'.length;
    // Display P3, the curve of sRGB, BT.601, full range; the rest of the profile stays behind it.
    patched.write('nclx', at, 'latin1');
    patched.set([0, 12, 0, 13, 0, 6, 0x80], at + 4);
    return patched;
  };

  it.each([
    ['its profile', (heic: Buffer) => heic],
    ['code points', withCodePoints],
  ])('in the colours of a phone keeps them, known by %s', async (_, patch) => {
    const heic = patch(await readFile(fixture('display-p3.heic')));
    const final = await harness.process(heic, { contentType: 'image/heic' });
    expect(final).toMatchObject({ success: true, width: 192, height: 64 });
    for (const { url } of final.processed ?? []) {
      const { data, info } = await sharp(await harness.download(url))
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const middles = [1, 3, 5].map((sixth) => {
        const at = (Math.floor(info.height / 2) * info.width + (info.width * sixth) / 6) * info.channels;
        return [...data.subarray(at, at + 3)].map((value) => Math.round(value / 16) * 16);
      });
      expect(middles).toEqual([
        [256, 0, 0],
        [0, 256, 0],
        [0, 0, 256],
      ]);
    }
  });

  const LARGE = { columns: 32, rows: 24, edge: 512, width: 16_320, height: 12_240 };

  it('of 200 megapixels has every quality, upright', async () => {
    // On its side: what is stored on the left is shown at the bottom.
    const heic = await makeGridHeic({ ...LARGE, turns: 1, colours: ['0xa06020', '0x2060a0'] });
    const final = await harness.process(heic, { contentType: 'image/heic' });
    expect(final).toMatchObject({ success: true, kind: 'image', width: 12_240, height: 16_320 });
    const high = final.processed?.find(({ quality }) => quality === 'high');
    expect(high).toMatchObject({ width: 1_920, height: 2_560 });
    const picture = sharp(await harness.download(high?.url ?? ''));
    const meanOf = async (top: number) => {
      const half = await picture.clone().extract({ left: 0, top, width: 1_920, height: 1_200 }).toBuffer();
      return (await sharp(half).stats()).channels.map(({ mean }) => mean);
    };
    const expectColour = async (top: number, colour: number[]) => {
      for (const [channel, mean] of (await meanOf(top)).entries())
        expect(Math.abs(mean - (colour[channel] ?? 0))).toBeLessThan(6);
    };
    await expectColour(1_350, [0xa0, 0x60, 0x20]);
    await expectColour(0, [0x20, 0x60, 0xa0]);
  });

  it.each([
    ['larger than any camera makes', { ...LARGE, columns: 64, rows: 48, width: 32_640, height: 24_480 }],
    ['larger than its tiles', { ...LARGE, columns: 2, rows: 2, width: 16_320, height: 12_240 }],
  ])('%s is delivered as a file', async (_, shape) => {
    const heic = await makeGridHeic({ ...shape, turns: 0, colours: ['red', 'blue'] });
    const final = await harness.process(heic, { contentType: 'image/heic' });
    expect(final).toMatchObject({ success: false, retryable: false });
  });

  it('that is cut off is not readable', async () => {
    const whole = await readFile(fixture('china.heic'));
    const final = await harness.process(whole.subarray(0, whole.length / 2), { contentType: 'image/heic' });
    expect(final).toMatchObject({ success: false, code: 'unreadable', retryable: false });
  });
});
