import { createCipheriv, createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { makeWithFfmpeg } from './support/make-video.ts';
import type { WorkerProcess } from './support/worker-process.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.create();
  await harness.startWorker();
});
afterAll(() => harness.close());

const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');

/** The same bytes in every run, as random as an encrypted file's. */
const encrypted = (head: readonly number[], bytes: number): Buffer => {
  const content = createCipheriv('aes-256-ctr', Buffer.alloc(32, 7), Buffer.alloc(16)).update(
    Buffer.alloc(bytes),
  );
  Buffer.from(head).copy(content);
  return content;
};

/** What starts as a transport stream has the same byte again after a packet. */
const packets = (content: Buffer): Buffer => {
  content[188] = 0x47;
  return content;
};

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

describe('a file that is only passed on', () => {
  it.each([
    ['text', Buffer.from('Grüße\n'), 'text/plain'],
    ['a document', PDF, 'application/pdf'],
    ['bytes of no known kind', Buffer.from([0, 1, 2, 3, 255, 254]), 'application/octet-stream'],
  ])('is scanned and has its type and hash told: %s', async (_, content, contentType) => {
    const request = await harness.upload(content);
    await harness.request(request);
    const final = await harness.response(request, 'final');
    expect(final).toMatchObject({ success: true, processed: [], contentType, sha256: sha256(content) });
    expect(harness.stagesOf(request.mediaId)).toEqual(['scan', 'final']);
    expect(await harness.keysOf(request.mediaId)).toEqual([request.s3Key]);
  });
});

describe('a file that only begins like a picture, film or sound', () => {
  it.each([
    ['MP3', encrypted([0xff, 0xfb, 0x90], 2_000)],
    ['a long MP3', encrypted([0xff, 0xfb, 0x90], 300_000)],
    ['AAC', encrypted([0xff, 0xf1, 0x50], 300_000)],
    ['AC-3', encrypted([0x0b, 0x77], 300_000)],
    ['BMP', encrypted([0x42, 0x4d], 2_000)],
    ['JPEG XL', encrypted([0xff, 0x0a], 2_000)],
    ['MPEG-TS', packets(encrypted([0x47], 2_000))],
  ])('is a file when its bytes are random: %s', async (_, content) => {
    const final = await harness.process(content);
    expect(final).toMatchObject({ success: true, processed: [], contentType: 'application/octet-stream' });
  });

  it.each(['BMW 320d, 12.000 km\n', 'GIF or JPEG?\n', 'ID3 tags explained\n'])(
    'is a text when it reads as one: %j',
    async (text) => {
      const final = await harness.process(Buffer.from(text));
      expect(final).toMatchObject({ success: true, processed: [], contentType: 'text/plain' });
    },
  );

  it('is still a broken picture when its header is whole', async () => {
    const bmp = await makeWithFfmpeg(['-f', 'lavfi', '-i', 'testsrc=s=64x64', '-frames:v', '1'], 'bmp');
    const final = await harness.process(bmp.subarray(0, 200));
    expect(final).toMatchObject({ success: false, contentType: 'image/bmp' });
  });
});

describe('a request whose answers may be joined', () => {
  it('gets the verdict with the final response', async () => {
    const request = await harness.upload(PDF, { joined: true });
    await harness.request(request);
    const final = await harness.response(request, 'final');
    expect(final).toMatchObject({ success: true, scan: { code: 'clean' }, scanner: expect.any(String) });
    expect(harness.stagesOf(request.mediaId)).toEqual(['final']);
  });

  it('gets it with a failure, too', async () => {
    const broken = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(2_000, 7)]);
    const request = await harness.upload(broken, { joined: true });
    await harness.request(request);
    const final = await harness.response(request, 'final');
    expect(final).toMatchObject({ success: false, scan: { code: 'clean' } });
    expect(harness.stagesOf(request.mediaId)).not.toContain('scan');
  });
});

describe('a request', () => {
  it('with the right hash is served, with a wrong one refused', async () => {
    expect(await harness.process(PDF, { sha256: sha256(PDF) })).toMatchObject({ success: true });
    expect(await harness.process(PDF, { sha256: sha256(Buffer.from('other')) })).toMatchObject({
      success: false,
      code: 'hash_mismatch',
      retryable: false,
    });
  });

  it('for an object that the store shows two seconds later is served', async () => {
    const request = await harness.upload(PDF);
    await harness.storage.delete([request.s3Key]);
    await harness.request(request);
    await pause(2_000);
    expect(harness.stagesOf(request.mediaId)).toEqual([]);
    await harness.storage.put(request.s3Key, PDF, {
      size_bytes: PDF.byteLength,
      content_type: 'application/pdf',
    });
    expect(await harness.response(request, 'final')).toMatchObject({ success: true });
  });

  it('for a bucket that no configuration names is refused', async () => {
    const request = await harness.upload(PDF);
    const elsewhere = { ...request, s3Bucket: 'claimcheck-elsewhere' };
    await harness.request(elsewhere);
    expect(await harness.response(request, 'final')).toMatchObject({
      success: false,
      code: 'source_missing',
    });
  });

  it('for an empty object is refused', async () => {
    expect(await harness.process(Buffer.alloc(0))).toMatchObject({ success: false, code: 'empty_file' });
  });

  it('without an epoch is answered without one', async () => {
    const final = await harness.process(PDF, { epoch: undefined });
    expect(final.success).toBe(true);
    expect(final).not.toHaveProperty('epoch');
  });

  it('that is poison goes to the dead letters, and the next one is served', async () => {
    const poison = JSON.stringify({ s3Key: 'x', mediaId: 'not-a-uuid' });
    await harness.bus.publish(harness.bus.subjects.optimizeRequest, poison, { messageId: randomUUID() });
    await harness.bus.publish(harness.bus.subjects.optimizeRequest, '{', { messageId: randomUUID() });
    expect(await harness.process(PDF)).toMatchObject({ success: true });
    for (const text of [poison, '{']) {
      const letter = await harness.deadLetters.waitFor((message) => message.text === text, 'dead letter');
      expect(letter.subject).toBe(harness.bus.subjects.deadLetter('media-worker'));
    }
  });
});

describe('a request for an object that is not there', () => {
  let own: Harness;
  let worker: WorkerProcess;

  beforeAll(async () => {
    own = await Harness.create();
    worker = await own.startWorker({ MAX_ATTEMPTS: '2' });
  });
  afterAll(() => own.close());

  const requestMissing = async () => {
    const request = await own.upload(PDF);
    await own.storage.delete([request.s3Key]);
    const earlier = worker.log.messages.length;
    await own.request(request);
    await expect
      .poll(() => worker.log.messages.slice(earlier).map(({ msg }) => msg), { timeout: 20_000 })
      .toContain('message failed, will be retried');
    expect(own.stagesOf(request.mediaId)).toEqual([]);
    return request;
  };

  it('is refused by the last delivery', async () => {
    const request = await requestMissing();
    const final = await own.response(request, 'final');
    expect(final).toMatchObject({ success: false, code: 'source_missing', retryable: false });
    expect(final.error).toBeTruthy();
    expect(own.deadLetters.messages).toEqual([]);
  });

  it('is served by the next delivery, once the store shows the object', async () => {
    const request = await requestMissing();
    await own.storage.put(request.s3Key, PDF, {
      size_bytes: PDF.byteLength,
      content_type: 'application/pdf',
    });
    expect(await own.response(request, 'final')).toMatchObject({ success: true });
  });
});

it('a worker without ffmpeg delivers a video as a file', async () => {
  const without = await Harness.create();
  try {
    await without.startWorker({ FFMPEG_PATH: 'none', LANES: 'media' });
    const request = await without.upload(
      await makeWithFfmpeg(['-f', 'lavfi', '-i', 'testsrc=d=1:s=64x64'], 'mp4'),
    );
    await without.request(request);
    const final = await without.response(request, 'final');
    expect(final).toMatchObject({ success: true, processed: [], contentType: 'video/mp4' });
    expect(without.stagesOf(request.mediaId)).toEqual(['scan', 'final']);
  } finally {
    await without.close();
  }
});

it('leaves no job folder behind', async () => {
  await harness.process(PDF);
  await expect.poll(() => harness.jobFolders(), { timeout: 5_000 }).toEqual([]);
});
