import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
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
  it('is given back, and a job that would pass all of it fails for now', async () => {
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

  it('that is cut off is not readable', async () => {
    const whole = await readFile(fixture('china.heic'));
    const final = await harness.process(whole.subarray(0, whole.length / 2), { contentType: 'image/heic' });
    expect(final).toMatchObject({ success: false, code: 'unreadable', retryable: false });
  });
});
