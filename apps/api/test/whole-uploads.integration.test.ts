import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest';
import { createUpload } from '../src/media/uploads/create-upload.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { TusClient } from './harness/tus-client.ts';

let api: TestApi;
let ann: TusClient;
beforeAll(async () => {
  api = await startTestApi(inject('stack'));
  ann = new TusClient(api, 'ann');
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => api?.close());

const metadata = { filename: 'a.bin', filetype: 'application/octet-stream' };

const stateOf = async (id: string) => {
  const { client } = api.db.database;
  const session = await client.upload_session.findUniqueOrThrow({ where: { upload_id: id } });
  const media = await client.media_object.findUniqueOrThrow({ where: { media_object_id: id } });
  return { phase: session.phase, state: media.state };
};

/** Leaves the rows of an empty file as they are when the process dies before it has finished it. */
const emptyAndUnfinished = async (client_media_id: string): Promise<string> => {
  const { session } = await api.db.database.autocommit((on) =>
    createUpload(on, api.context.settings, {
      owner_user_id: 'ann',
      length: 0,
      part_size: 8_388_608,
      metadata: { ...metadata, client_media_id },
    }),
  );
  return session.upload_id;
};

test.each([
  ['HEAD', (id: string) => ann.head(id)],
  ['PATCH', (id: string) => ann.patch(id, 0, Buffer.alloc(0))],
  ['POST', () => ann.create({ 'upload-length': '0' }, { client_media_id: 'POST' })],
])('%s finishes an empty file that was left unfinished', async (name, request) => {
  const id = await emptyAndUnfinished(name);
  const { status, offset } = await request(id);
  expect([status < 300, offset]).toEqual([true, 0]);
  expect(await stateOf(id)).toEqual({ phase: 'complete', state: 'failed' });
});

const BYTES = randomBytes(9 * 1_024 ** 2);

/** Uploads more than a part. Calls `during` in the last one, before the storage fails once to join them. */
const uploadAndFail = async (client_media_id: string, during: (id: string) => Promise<void>) => {
  const { id } = await ann.create({ 'upload-length': String(BYTES.length) }, { client_media_id });
  const { sender } = api.uploads.engine;
  const sendPart = sender.sendPart.bind(sender);
  vi.spyOn(sender, 'sendPart').mockImplementation(async (key, s3UploadId, number, chunks) => {
    if (number === 2) await during(id);
    return sendPart(key, s3UploadId, number, chunks);
  });
  vi.spyOn(sender.multipart, 'complete').mockRejectedValueOnce(new Error('the storage is away'));
  expect((await ann.patch(id, 0, BYTES)).status).toBe(503);
  return id;
};

test('a creation repeated when all bytes are stored finishes the upload', async () => {
  const id = await uploadAndFail('again', async () => {});
  expect(await stateOf(id)).toEqual({ phase: 'completing', state: 'uploading' });
  const again = await ann.create({ 'upload-length': String(BYTES.length) }, { client_media_id: 'again' });
  expect(again).toMatchObject({ status: 201, id, offset: BYTES.length });
  expect(await stateOf(id)).toEqual({ phase: 'complete', state: 'processing' });
});

test('a HEAD that waits for a PATCH that cannot finish the upload finishes it', async () => {
  const acquire = vi.spyOn(api.uploads.locker, 'acquire');
  const heads: ReturnType<TusClient['head']>[] = [];
  const id = await uploadAndFail('head', async (upload) => {
    heads.push(ann.head(upload));
    await vi.waitFor(() => expect(acquire).toHaveBeenCalled(), { timeout: 5_000 });
  });
  expect(await heads[0]).toMatchObject({ status: 200, offset: BYTES.length });
  expect(await stateOf(id)).toEqual({ phase: 'complete', state: 'processing' });
});
