import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { sha256 } from '../harness/fixtures.ts';
import { noise } from '../harness/noise.ts';
import { SdkClients } from '../harness/sdk-client.ts';
import { type System, startSystem } from '../harness/system.ts';

const MIB = 1_024 ** 2;

let system: System;
let clients: SdkClients;
let ann: ChatUser;

beforeAll(async () => {
  system = await startSystem(inject('stack'), { TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}` });
  clients = new SdkClients(system);
  ann = new ChatUser(system, 'ann');
});
afterAll(async () => {
  clients?.close();
  await system?.stop();
});

const named = (filename: string) => ({ filename });

describe.each([
  ['put', 300_000, ['put', 'multipart', 'tus']],
  ['multipart', 20 * MIB, ['put', 'multipart', 'tus']],
  ['tus', 300_000, ['tus']],
] as const)('%s', (_, size, protocols) => {
  test('brings every byte, and reports progress and result', async () => {
    const bytes = noise(size);
    const client = clients.open('ann', { uploads: { protocols: [...protocols] } });
    const upload = client.upload(new Blob([bytes]), named('random.bin'));
    const states: string[] = [upload.state];
    upload.on('state', (state) => states.push(state));
    const id = await upload.done;
    expect(await upload.created).toBe(id);
    expect(states).toEqual(['queued', 'preparing', 'uploading', 'done']);
    expect(upload.progress).toMatchObject({ sentBytes: size, totalBytes: size });
    expect(client.uploads.get()).toEqual([]);
    await expectWhole(ann, id, bytes);
  });

  test('pause and resume, then cancel: the server forgets what was sent', async () => {
    const bytes = noise(size);
    const client = clients.open('ann', { uploads: { protocols: [...protocols], hashUpTo: 0 } });
    const paused = client.upload(new Blob([bytes]), named('paused.bin'));
    paused.pause();
    expect(paused.state).toBe('paused');
    paused.resume();
    await expectWhole(ann, await paused.done, bytes);

    const cancelled = client.upload(new Blob([bytes]), named('cancelled.bin'));
    // At the moment at which it has a name: a small upload may end before a later look.
    const cancellation = Promise.withResolvers<void>();
    const stop = cancelled.subscribe(() => {
      if (cancelled.get().mediaObjectId === undefined) return;
      stop();
      cancellation.resolve(cancelled.cancel());
    });
    await cancellation.promise;
    await expect(cancelled.done).rejects.toMatchObject({ code: 'cancelled' });
    const { status, body } = await ann.call<{ state?: string }>(
      'GET',
      `/v1/media/${cancelled.get().mediaObjectId}`,
    );
    expect([status, body.state]).toEqual([200, 'deleted']);
  });
});

test('the same bytes are not sent a second time', async () => {
  const bytes = noise(200_000);
  const client = clients.open('ann');
  const first = await client.upload(new Blob([bytes]), named('one.bin')).done;
  await client.media(first).settled();
  expect((await ann.media(first)).sha256).toBe(sha256(bytes));
  expect(await client.upload(new Blob([bytes]), named('two.bin')).done).toBe(first);
});

test('urgent ones first, and never more at once than allowed', async () => {
  const client = clients.open('ann', { uploads: { concurrency: 1, protocols: ['tus'] } });
  const order: string[] = [];
  const uploads = [0, 0, 5].map((priority, index) => {
    const upload = client.upload(new Blob([noise(50_000)]), { filename: `${index}.bin`, priority });
    upload.on('state', (state) => {
      if (state === 'uploading') order.push(upload.filename);
    });
    return upload.done;
  });
  await Promise.all(uploads);
  expect(order).toEqual(['0.bin', '2.bin', '1.bin']);
});

test('a token that expires midway is replaced, and the upload resumes', async () => {
  const bytes = noise(400_000);
  const asked: boolean[] = [];
  const client = clients.open('ann', {
    getToken: ({ fresh } = { fresh: false }) => {
      asked.push(fresh);
      return system.tokenFor('ann', { expiresIn: fresh ? 60 : -60 });
    },
  });
  await expectWhole(ann, await client.upload(new Blob([bytes]), named('late.bin')).done, bytes);
  expect(asked).toContain(true);
});

test('the bytes go through the api when the storage cannot be reached', async () => {
  const bytes = noise(100_000);
  const client = clients.open('ann', { uploads: { protocols: ['put', 'tus'] } });
  const real = globalThis.fetch;
  // Only what a page's policy would forbid: requests to the storage.
  globalThis.fetch = (input, init) =>
    init?.method === 'PUT' ? Promise.reject(new TypeError('refused by the policy')) : real(input, init);
  try {
    const upload = client.upload(new Blob([bytes]), named('around.bin'));
    const errors: string[] = [];
    upload.on('error', ({ code }) => errors.push(code));
    await expectWhole(ann, await upload.done, bytes);
    expect(errors).toContain('storage_unreachable');
  } finally {
    globalThis.fetch = real;
  }
});

test('a part that is lost is sent again, and none of the others', async () => {
  const bytes = noise(40 * MIB);
  const client = clients.open('ann', { uploads: { hashUpTo: 0 } });
  const real = globalThis.fetch;
  const parts: string[] = [];
  globalThis.fetch = (input, init) => {
    if (init?.method !== 'PUT') return real(input, init);
    const part = new URL(String(input)).searchParams.get('partNumber') ?? '';
    const isLost = part === '2' && !parts.includes(part);
    parts.push(part);
    return isLost ? Promise.reject(new TypeError('connection reset')) : real(input, init);
  };
  try {
    const upload = client.upload(new Blob([bytes]), named('parts.bin'));
    const states: string[] = [];
    upload.on('state', (state) => states.push(state));
    await expectWhole(ann, await upload.done, bytes);
    expect(states).toContain('waiting');
    expect(parts.toSorted()).toEqual(['1', '2', '2', '3']);
  } finally {
    globalThis.fetch = real;
  }
});

describe('location', () => {
  const photo = async (): Promise<Buffer> =>
    sharp(await readFile(new URL('../fixtures/china.jpg', import.meta.url)))
      .withExif({
        IFD0: { Copyright: 'danielbuechele' },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100', GPSLongitude: '8/1 15/1 1717/100' },
      })
      .jpeg()
      .toBuffer();
  const degrees = Buffer.from(new Uint32Array([3_230, 100]).buffer);
  const bigEndian = Buffer.from(degrees).swap32();
  const hasLatitude = (bytes: Buffer) => bytes.includes(degrees) || bytes.includes(bigEndian);

  test('is taken out of a photo, and nothing else is', async () => {
    const source = await photo();
    expect(hasLatitude(source)).toBe(true);
    const client = clients.open('ann');
    const upload = client.upload(new Blob([new Uint8Array(source)], { type: 'image/jpeg' }), {
      filename: 'china.jpg',
      stripLocation: true,
    });
    const id = await upload.done;
    expect((await client.media(id).settled()).state).toBe('ready');
    const stored = Buffer.from(await (await ann.fetch(`/v1/media/${id}/source`)).arrayBuffer());
    expect(hasLatitude(stored)).toBe(false);
    expect(stored.includes('danielbuechele')).toBe(true);
    const [before, after] = await Promise.all([source, stored].map((bytes) => sharp(bytes).raw().toBuffer()));
    expect(before && after && before.equals(after)).toBe(true);
  });

  test('a photo that becomes smaller by it is sent to the last byte', async () => {
    const source = await photo();
    const xmp = Buffer.from('http://ns.adobe.com/xap/1.0/\0exif:GPSLatitude');
    const segment = Buffer.from([0xff, 0xe1, 0, xmp.length + 2, ...xmp]);
    const bytes = new Uint8Array(Buffer.concat([source.subarray(0, 2), segment, source.subarray(2)]));
    const upload = clients.open('ann').upload(new Blob([bytes]), {
      filename: 'xmp.jpg',
      stripLocation: true,
    });
    await upload.done;
    const { sentBytes, totalBytes } = upload.progress;
    expect([sentBytes, totalBytes]).toEqual([source.length, source.length]);
  });

  test('is not kept in silence', async () => {
    const client = clients.open('ann');
    const heic = new Blob([await readFile(new URL('../fixtures/china.heic', import.meta.url))], {
      type: 'image/heic',
    });
    await expect(client.upload(heic, { filename: 'a.heic', stripLocation: true }).done).rejects.toMatchObject(
      {
        code: 'location_kept',
      },
    );
    await client.upload(heic, { filename: 'a.heic', stripLocation: 'if-possible' }).done;
    await client.upload(new Blob(['text'], { type: 'text/plain' }), {
      filename: 'a.txt',
      stripLocation: true,
    }).done;
  });
});
