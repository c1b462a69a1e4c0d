import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { TusClient } from './harness/tus-client.ts';

const MIB = 1_024 ** 2;
const ALL = 48 * MIB;
const SENT = 300 * 1_024;
const WAIT = { timeout: 10_000 };

let api: TestApi;
let ann: TusClient;
beforeAll(async () => {
  api = await startTestApi(inject('stack'), { UPLOAD_MEMORY_BYTES: String(ALL) });
  ann = new TusClient(api, 'ann');
});
afterAll(() => api?.close());

/** Sends a PATCH with some bytes and then nothing, while there is no memory for its part. */
const hang = async (bytes: Buffer) => {
  const { id } = await ann.create({ 'upload-length': String(bytes.length) });
  const request = http.request(`${api.url}/v1/uploads/${id}`, {
    method: 'PATCH',
    agent: false,
    headers: {
      authorization: `Bearer ${api.tokenFor('ann')}`,
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
      'content-length': bytes.length,
    },
  });
  request.on('error', () => undefined);
  request.write(bytes.subarray(0, SENT));
  await expect.poll(() => api.uploads.engine.budget.used, WAIT).toBeGreaterThan(ALL + 256 * 1_024 - 1);
  return { id, request };
};

const inNoMemory = async (work: () => Promise<void>): Promise<void> => {
  const { release } = await api.uploads.engine.budget.reserve(ALL);
  try {
    await work();
  } finally {
    release();
  }
  expect(api.uploads.engine.budget.used).toBe(0);
};

test('an upload that waits for memory is released when its client returns, with the received bytes', () =>
  inNoMemory(async () => {
    const { id, request } = await hang(randomBytes(16 * MIB));
    const head = await ann.head(id);
    request.destroy();
    expect(head.status).toBe(200);
    expect(head.offset).toBeGreaterThanOrEqual(256 * 1_024);
  }));

test('an upload whose connection breaks keeps the received bytes, and stops waiting', () =>
  inNoMemory(async () => {
    const { id, request } = await hang(randomBytes(16 * MIB));
    request.destroy();
    const session = () =>
      api.db.database.client.upload_session.findUniqueOrThrow({ where: { upload_id: id } });
    await expect.poll(async () => (await session()).lease_owner, WAIT).toBeNull();
    expect(Number((await session()).offset)).toBeGreaterThanOrEqual(256 * 1_024);
  }));
