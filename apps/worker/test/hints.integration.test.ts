import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { plain } from './support/make-picture.ts';
import { makeWithFfmpeg } from './support/make-video.ts';
import { fixture } from './support/stack.ts';

const BUNNY = fixture('big-buck-bunny-5s.mp4');

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.create();
  await harness.startWorker({ LANES: 'media', MAX_IMAGE_PIXELS: '2000000' });
});
afterAll(() => harness.close());

describe('the declared type is a hint', () => {
  const typescript = Buffer.from('export const a: number = 1;\n');
  it.each([
    ['TypeScript declared video/mp2t', typescript, 'video/mp2t', 'text/plain', 'document'],
    [
      'TypeScript declared a film of a television',
      typescript,
      'video/vnd.dlna.mpeg-tts',
      'text/plain',
      'document',
    ],
    ['text declared image/jpeg', Buffer.from('not a picture\n'), 'image/jpeg', 'text/plain', 'document'],
    ['bytes declared audio/mpeg', Buffer.alloc(2_000), 'audio/mpeg', 'application/octet-stream', 'other'],
  ])('%s arrives as what it is', async (_, content, declared, contentType, kind) => {
    const final = await harness.process(content, { contentType: declared });
    expect(final).toMatchObject({ success: true, contentType, kind, processed: [] });
  });

  it('a picture declared video/mp4 is a picture', async () => {
    const final = await harness.process(await plain(64, 48).jpeg().toBuffer(), { contentType: 'video/mp4' });
    expect(final).toMatchObject({ success: true, contentType: 'image/jpeg', kind: 'image', width: 64 });
  });

  it('a film declared audio/mp4 is a film', async () => {
    const mp4 = await makeWithFfmpeg(['-t', '1', '-i', BUNNY, '-c', 'copy'], 'mp4');
    const request = await harness.upload(mp4, { contentType: 'audio/mp4' });
    await harness.request(request);
    expect(await harness.response(request, 'scan')).toMatchObject({
      kind: 'video',
      contentType: 'video/mp4',
    });
  });
});

describe('a file without a preview', () => {
  const verdictThenFailure = async (content: Uint8Array, contentType: string) => {
    const request = await harness.upload(content, { contentType });
    await harness.request(request);
    const final = await harness.response(request, 'final');
    const scan = await harness.response(request, 'scan');
    expect(harness.stagesOf(request.mediaId)).toEqual(['scan', 'final']);
    expect(scan).toMatchObject({ success: true, code: 'clean', sha256: expect.any(String) });
    return final;
  };

  it('is a damaged picture: its verdict precedes its failure, and its type is named', async () => {
    const whole = await sharp(fixture('flower.jpg')).jpeg().toBuffer();
    const final = await verdictThenFailure(whole.subarray(0, whole.length / 2), 'image/jpeg');
    const expected = { success: false, code: 'unreadable', contentType: 'image/jpeg', kind: 'other' };
    expect(final).toMatchObject(expected);
  });

  it('is a giant', async () => {
    const final = await verdictThenFailure(await plain(3_000, 3_000).png().toBuffer(), 'image/png');
    expect(final).toMatchObject({ success: false, code: 'too_many_pixels', contentType: 'image/png' });
  });

  it('is a film that was cut off', async () => {
    const mp4 = await makeWithFfmpeg(['-i', BUNNY, '-c', 'copy'], 'mp4');
    const final = await verdictThenFailure(mp4.subarray(0, mp4.length / 2), 'video/mp4');
    expect(final).toMatchObject({ success: false, code: 'unreadable', contentType: 'video/mp4' });
  });

  it('is a film in a codec that is not decoded here, which is not the same as damaged', async () => {
    const args = ['-t', '1', '-i', BUNNY, '-an', '-vf', 'scale=160:90', '-c:v', 'zmbv'];
    const final = await verdictThenFailure(await makeWithFfmpeg(args, 'avi'), 'video/x-msvideo');
    expect(final).toMatchObject({ success: false, code: 'unsupported_codec', kind: 'other' });
  });
});

describe('a picture larger than the limit', () => {
  it('is shown if it is a JPEG, which is decoded at a fraction of its size', async () => {
    const final = await harness.process(await plain(3_000, 3_000).jpeg().toBuffer());
    expect(final).toMatchObject({ success: true, kind: 'image', width: 3_000, height: 3_000 });
  });

  it('is not if its JPEG is progressive, which is held in memory as a whole', async () => {
    const final = await harness.process(await plain(3_000, 3_000).jpeg({ progressive: true }).toBuffer());
    expect(final).toMatchObject({ success: false, code: 'too_many_pixels' });
  });
});

it('a JPEG without its last two bytes is shown', async () => {
  const whole = await sharp(fixture('china.jpg')).jpeg().toBuffer();
  const final = await harness.process(whole.subarray(0, -2), { contentType: 'image/jpeg' });
  expect(final).toMatchObject({ success: true, kind: 'image', width: 640 });
});
