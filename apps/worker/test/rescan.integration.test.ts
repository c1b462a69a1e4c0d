import { afterAll, beforeAll, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';

const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD', '-ANTIVIRUS-TEST-FILE!', '$H+H*'].join('');
const SHA256 = /^[0-9a-f]{64}$/;

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.create();
  await harness.startWorker();
});
afterAll(() => harness.close());

const rescan = async (content: string) => {
  const request = await harness.upload(Buffer.from(content), { only: 'scan' });
  await harness.request(request);
  return request;
};

it('a rescan returns a new verdict with its scanner, and makes nothing', async () => {
  const request = await rescan('harmless');
  const response = await harness.response(request, 'rescan');
  expect(response).toMatchObject({ success: true, code: 'clean', epoch: 1 });
  expect(response.scanner).toMatch(/^ClamAV \d/);
  expect(response.sha256).toMatch(SHA256);
  expect(harness.stagesOf(request.mediaId)).toEqual(['rescan']);
  expect(await harness.keysOf(request.mediaId)).toEqual([request.s3Key]);
});

it('a rescan answers each request', async () => {
  const request = await rescan('asked twice');
  await harness.request(request);
  await expect
    .poll(() => harness.stagesOf(request.mediaId), { timeout: 10_000 })
    .toEqual(['rescan', 'rescan']);
});

it('a rescan deletes a source that is now infected, and reports hash and scanner', async () => {
  const request = await rescan(EICAR);
  const event = await harness.viruses.waitFor(({ mediaId }) => mediaId === request.mediaId, 'virus event');
  expect(event.scanner).toMatch(/^ClamAV \d/);
  expect(event.sha256).toMatch(SHA256);
  expect(await harness.storage.head(request.s3Key)).toBeUndefined();
});

it('a rescan repeats the report of an attempt that died', async () => {
  const request = await rescan(EICAR);
  const isThis = ({ mediaId }: { mediaId: string }) => mediaId === request.mediaId;
  await harness.viruses.waitFor(isThis, 'virus event');
  // As after a crash between the deletion and the event: the source is gone, the verdict is not.
  await harness.request(request);
  await expect
    .poll(() => harness.viruses.messages.filter(isThis).length, { timeout: 10_000 })
    .toBeGreaterThan(1);
  expect(harness.stagesOf(request.mediaId)).toEqual([]);
});

it('a rescan reports a missing source, without a final response', async () => {
  const request = await harness.upload(Buffer.from('short-lived'), { only: 'scan' });
  await harness.storage.delete([request.s3Key]);
  await harness.request(request);
  expect(await harness.response(request, 'rescan')).toMatchObject({ success: false, code: 'source_missing' });
  expect(harness.stagesOf(request.mediaId)).toEqual(['rescan']);
});

it('an unknown value of only makes the worker do everything', async () => {
  const request = await harness.upload(Buffer.from('from a later release'), { only: 'subtitles' });
  await harness.request(request);
  expect(await harness.response(request, 'final')).toMatchObject({ success: true });
});
