import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { TusClient } from './harness/tus-client.ts';

const MIB = 1_024 ** 2;
const ALL = 48 * MIB;
const SENT = 300 * 1_024;
/** What an upload holds without a reservation. */
const SMALL = 256 * 1_024;
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
  let sent = 0;
  const sendMore = () => {
    // On a busy machine the client seems slow: then its bytes are stored, and only later ones wait.
    if (sent + SENT < bytes.length) request.write(bytes.subarray(sent, sent + SENT));
    sent += SENT;
    return api.uploads.engine.budget.used;
  };
  await expect.poll(sendMore, { ...WAIT, interval: 300 }).toBeGreaterThan(ALL + SMALL - 1);
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
    expect(head.offset).toBeGreaterThanOrEqual(SMALL);
  }));

test('an upload whose connection breaks keeps the received bytes, and stops waiting', () =>
  inNoMemory(async () => {
    const { id, request } = await hang(randomBytes(16 * MIB));
    request.destroy();
    const session = () =>
      api.db.database.client.upload_session.findUniqueOrThrow({ where: { upload_id: id } });
    await expect.poll(async () => (await session()).lease_owner, WAIT).toBeNull();
    expect(Number((await session()).offset)).toBeGreaterThanOrEqual(SMALL);
  }));

describe('bytes that are read back from the storage', () => {
  const PART = 8 * MIB;
  const CUT_AT = PART - 1;
  const UPLOADS = 12;

  afterEach(() => vi.restoreAllMocks());

  /** Watches what is read back. @returns of each read, the bytes that were counted as it began */
  const countReads = () => {
    const { budget, storage } = api.uploads.engine;
    const counted: number[] = [];
    const get = storage.get.bind(storage);
    vi.spyOn(storage, 'get').mockImplementation((...about) => {
      counted.push(budget.used);
      return get(...about);
    });
    return counted;
  };

  /** Sends all but the last byte of the first part, and returns the rest of the upload. */
  const cut = async (length: number) => {
    const bytes = randomBytes(length);
    const { id } = await ann.create({ 'upload-length': String(length) });
    expect((await ann.patch(id, 0, bytes.subarray(0, CUT_AT))).status).toBe(204);
    return { id, rest: bytes.subarray(CUT_AT), bytes };
  };

  const stored = async (id: string): Promise<Buffer> => {
    const { storage, sessions } = api.uploads.engine;
    const session = await sessions.find(id);
    const { body } = await storage.get(session?.object_storage_key ?? '');
    return buffer(body);
  };

  test.each([
    ['continue', 2 * PART, 1],
    ['end with one part', PART, 1],
    ['end with their second part', 2 * PART, PART + 1],
  ])('count for all uploads that %s at once, and none waits for ever', async (_, length, next) => {
    const uploads = await Promise.all(Array.from({ length: UPLOADS }, () => cut(length)));
    const counted = countReads();
    const answers = await Promise.all(
      uploads.map(({ id, rest }) => ann.patch(id, CUT_AT, rest.subarray(0, next))),
    );
    expect(answers.map(({ status }) => status)).toEqual(uploads.map(() => 204));
    // On a busy machine a slow part is written as a further tail, and read again.
    expect(counted.length).toBeGreaterThanOrEqual(UPLOADS);
    expect(Math.min(...counted)).toBeGreaterThanOrEqual(CUT_AT);
    // Small amounts count as they arrive, without waiting.
    expect(Math.max(...counted)).toBeLessThanOrEqual(ALL + UPLOADS * SMALL);
    expect(api.uploads.engine.budget.used).toBe(0);
    const [first] = uploads;
    if (first !== undefined && CUT_AT + next === length)
      expect((await stored(first.id)).equals(first.bytes)).toBe(true);
  });

  test('count while small tails are joined', async () => {
    const PIECE = 10_000;
    const JOINED_AT = 16;
    const { id } = await ann.create({ 'upload-length': String(PART) });
    const counted = countReads();
    for (let sent = 0; sent <= JOINED_AT; sent += 1)
      expect((await ann.patch(id, sent * PIECE, randomBytes(PIECE))).status).toBe(204);
    expect(counted.length).toBeGreaterThanOrEqual(JOINED_AT);
    expect(Math.min(...counted)).toBeGreaterThanOrEqual(JOINED_AT * PIECE);
    expect((await ann.head(id)).offset).toBe((JOINED_AT + 1) * PIECE);
    expect(api.uploads.engine.budget.used).toBe(0);
  });
});
