import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { fixture } from './support/stack.ts';

// In pieces, so that a scanner on a developer's machine does not take this file for a virus.
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD', '-ANTIVIRUS-TEST-FILE!', '$H+H*'].join('');

/** A port without a listener. */
const unusedPort = async (): Promise<string> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? String(address.port) : '';
};

const infectedPhoto = async () =>
  Buffer.concat([await sharp(fixture('flower.jpg')).jpeg().toBuffer(), Buffer.from(EICAR)]);

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.create();
});
afterAll(() => harness.close());

describe.each(['gate', 'deliver'])('with SCAN_POLICY=%s', (policy) => {
  beforeAll(async () => {
    const worker = await harness.startWorker({ SCAN_POLICY: policy });
    return async () => {
      await worker.stop();
    };
  });

  it('deletes an infected file, then reports it', async () => {
    const request = await harness.upload(Buffer.from(EICAR), { contentType: 'text/plain' });
    await harness.request(request);
    const event = await harness.viruses.waitFor(({ mediaId }) => mediaId === request.mediaId, 'virus event');
    expect(event).toMatchObject({
      s3Key: request.s3Key,
      mediaUrl: request.mediaUrl,
      actionTaken: 'deleted_from_object_store',
    });
    expect(event.virusName).toMatch(/eicar/i);
    expect(await harness.storage.head(request.s3Key)).toBeUndefined();
    if (policy === 'gate') expect(harness.stagesOf(request.mediaId)).toEqual([]);
  });

  it.each([false, true])(
    'deletes what it has made of an infected photo (answers may be joined: %s)',
    async (joined) => {
      const request = await harness.upload(await infectedPhoto(), { contentType: 'image/jpeg', joined });
      await harness.request(request);
      await harness.viruses.waitFor(({ mediaId }) => mediaId === request.mediaId, 'virus event');
      expect(await harness.keysOf(request.mediaId)).toEqual([`${request.mediaId}/e1/infected.json`]);
      const stages = harness.stagesOf(request.mediaId);
      expect(stages).toEqual(policy === 'gate' ? ['preview'] : ['preview', 'final']);
    },
  );

  it('reports it again when the request is repeated', async () => {
    const request = await harness.upload(Buffer.from(EICAR));
    const isThis = ({ mediaId }: { mediaId: string }) => mediaId === request.mediaId;
    await harness.request(request);
    await harness.viruses.waitFor(isThis, 'virus event');
    // As after a crash between the deletion and the event: the source is gone, the verdict is not.
    await harness.request({ ...request });
    await expect
      .poll(() => harness.viruses.messages.filter(isThis).length, { timeout: 10_000 })
      .toBeGreaterThan(1);
    expect(harness.responses.messages.find((message) => isThis(message) && !message.success)).toBeUndefined();
  });

  it('reports it again in a later epoch, when the broker has lost the event', async () => {
    const request = await harness.upload(Buffer.from(EICAR));
    const isThis = ({ mediaId }: { mediaId: string }) => mediaId === request.mediaId;
    await harness.request(request);
    await harness.viruses.waitFor(isThis, 'virus event');
    await harness.request({ ...request, epoch: 2 });
    await expect.poll(() => harness.viruses.messages.filter(isThis).length).toBeGreaterThan(1);
    expect(harness.responses.messages.find((message) => isThis(message) && !message.success)).toBeUndefined();
  });

  it('finds a virus in a file that is also broken', async () => {
    const photo = await sharp(fixture('flower.jpg')).jpeg().toBuffer();
    const broken = Buffer.concat([photo.subarray(0, 300), Buffer.from(EICAR)]);
    const request = await harness.upload(broken, { contentType: 'image/jpeg' });
    await harness.request(request);
    await harness.viruses.waitFor(({ mediaId }) => mediaId === request.mediaId, 'virus event');
    expect(harness.stagesOf(request.mediaId)).toEqual([]);
  });
});

it('a photo is encoded during its scan, and only its thumbnail is stored before the verdict', async () => {
  const { CLAMAV_HOST = '', CLAMAV_PORT = '' } = inject('stack');
  const verdict = Promise.withResolvers<void>();
  const proxy = createServer((socket) => {
    const clamd = connect(Number(CLAMAV_PORT), CLAMAV_HOST);
    socket.pipe(clamd);
    clamd.on('data', (reply) =>
      // The worker's other questions to clamd do not wait.
      (/^stream: OK/.test(reply.toString()) ? verdict.promise : Promise.resolve()).then(() =>
        socket.write(reply),
      ),
    );
    clamd.on('end', () => verdict.promise.then(() => socket.end()));
    for (const end of [socket, clamd]) end.on('error', () => end.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const worker = await harness.startWorker({ CLAMAV_PORT: String(port) });
  const { admin_port } = await worker.log.waitFor(({ msg }) => msg === 'worker is ready', 'ready worker');
  const metrics = async () => (await fetch(`http://127.0.0.1:${admin_port}/metrics`)).text();

  const request = await harness.upload(await sharp(fixture('flower.jpg')).toBuffer(), { joined: true });
  await harness.request(request);
  await expect
    .poll(metrics, { timeout: 20_000 })
    .toContain('claimcheck_jobs_total{step="derive",outcome="success"} 1');
  expect(await harness.keysOf(request.mediaId)).toEqual([
    `${request.mediaId}/e1/thumbnail.webp`,
    request.s3Key,
  ]);
  expect(harness.stagesOf(request.mediaId)).toEqual(['preview']);
  verdict.resolve();
  const final = await harness.response(request, 'final');
  expect(final).toMatchObject({ success: true, scan: { code: 'clean' } });
  expect(final.processed).toHaveLength(4);
  await worker.stop();
  proxy.close();
});

describe('without a verdict', () => {
  it('a file over the limit is unscannable', async () => {
    const worker = await harness.startWorker({ CLAMAV_MAX_BYTES: '1000' });
    const request = await harness.upload(Buffer.alloc(5_000, 'a'));
    await harness.request(request);
    expect(await harness.response(request, 'scan')).toMatchObject({
      success: true,
      code: 'unscannable',
      error: 'too_large',
    });
    await worker.stop();
  });

  it('no scanner configured, or switched off, is skipped', async () => {
    for (const [name, value] of [
      ['CLAMAV_HOST', ''],
      ['SCAN_POLICY', 'off'],
    ] as const) {
      const worker = await harness.startWorker({ [name]: value });
      const request = await harness.upload(Buffer.from(EICAR));
      await harness.request(request);
      expect(await harness.response(request, 'scan')).toMatchObject({ success: true, code: 'skipped' });
      await worker.stop();
    }
  });

  it('a scanner that accepts no bytes delays no preview, and counts as down', async () => {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    const sockets: Socket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const worker = await harness.startWorker({ CLAMAV_PORT: String(port), MAX_ATTEMPTS: '1' });
    // More than the buffers of a connection accept.
    const [width, height] = [3_000, 3_000];
    const noise = sharp({
      create: { width, height, channels: 3, background: 'gray', noise: { type: 'gaussian', sigma: 80 } },
    });
    const request = await harness.upload(await noise.png({ compressionLevel: 0 }).toBuffer());
    await harness.request(request);
    // Less than the worker's time limit for the storage.
    await harness.response(request, 'preview', 25_000);
    expect(await harness.response(request, 'final')).toMatchObject({ code: 'no_verdict', retryable: true });
    await worker.stop();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('a scanner that returns finds every file waiting: the lane pauses without using up attempts', async () => {
    const port = await unusedPort();
    const worker = await harness.startWorker({ CLAMAV_PORT: port, MAX_ATTEMPTS: '2' });
    const requests = await Promise.all(
      [1, 2, 3, 4].map((text) => harness.upload(Buffer.from(`text ${text}`))),
    );
    for (const request of requests) await harness.request(request);
    await worker.log.waitFor(({ msg }) => msg === 'message failed, will be retried', 'failure');
    // Longer than all delays between two attempts.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const { CLAMAV_HOST = '', CLAMAV_PORT = '' } = inject('stack');
    const proxy = createServer((socket) => {
      const clamd = connect(Number(CLAMAV_PORT), CLAMAV_HOST);
      socket.pipe(clamd).pipe(socket);
      for (const end of [socket, clamd]) end.on('error', () => end.destroy());
    }).listen(Number(port), '127.0.0.1');
    for (const request of requests)
      expect(await harness.response(request, 'final')).toMatchObject({ success: true });
    const letters = harness.deadLetters.messages.map(({ text }) => text).join();
    for (const { mediaId } of requests) expect(letters).not.toContain(mediaId);
    await worker.stop();
    proxy.close();
  });

  it('a scanner that is down never counts as clean', async () => {
    const worker = await harness.startWorker({ CLAMAV_PORT: await unusedPort(), MAX_ATTEMPTS: '1' });
    const request = await harness.upload(await sharp(fixture('flower.jpg')).toBuffer());
    await harness.request(request);
    const final = await harness.response(request, 'final');
    expect(final).toMatchObject({ success: false, code: 'no_verdict', retryable: true });
    expect(harness.stagesOf(request.mediaId)).not.toContain('scan');
    const letter = await harness.deadLetters.waitFor(
      ({ text }) => text.includes(request.mediaId),
      'dead letter',
    );
    expect(letter.subject).toBe(harness.bus.subjects.deadLetter('media-worker'));
    await worker.stop();
  });
});
