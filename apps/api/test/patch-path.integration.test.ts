import { Session } from 'node:inspector/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from './harness/test-api.ts';

/** Asked of the house: so many files at most between a PATCH and its answer. */
const MOST_FILES = 22;
/**
 * Composed functions that a step calls back: the live configuration, metrics, drills. They lead a reader nowhere; nor do the
 * names under which Prisma's `sql` is exported, of which vitest makes functions.
 */
const CALLED_BACK =
  /\/(compose|storage-metrics|token-variables|failpoint)\.ts$|\/database\/src\/(database|prisma)\.ts$/;
const OWN = /\/((?:apps|packages)\/[^/]+\/src\/.+)$/;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('stack'), { ROLES: 'http' });
});
afterAll(() => api?.close());

const create = async (): Promise<string> => {
  const response = await fetch(`${api.url}/v1/uploads`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${api.tokenFor('ann')}`,
      'tus-resumable': '1.0.0',
      'upload-length': '200000',
      'upload-metadata': `filename ${btoa('a.bin')},filetype ${btoa('application/octet-stream')}`,
    },
  });
  expect(response.status).toBe(201);
  return response.headers.get('location')?.split('/').at(-1) ?? '';
};

const append = (id: string): Promise<Response> =>
  fetch(`${api.url}/v1/uploads/${id}`, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${api.tokenFor('ann')}`,
      'tus-resumable': '1.0.0',
      'content-type': 'application/offset+octet-stream',
      'upload-offset': '0',
    },
    body: new Uint8Array(100_000),
  });

/** Returns our files whose functions ran during `work` (V8's precise coverage). */
const filesOf = async (work: () => Promise<void>): Promise<string[]> => {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await session.post('Profiler.takePreciseCoverage');
    await work();
    const { result } = await session.post('Profiler.takePreciseCoverage');
    return result
      .filter(({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0)))
      .flatMap(({ url }) => OWN.exec(url)?.[1] ?? []);
  } finally {
    session.disconnect();
  }
};

test(`a PATCH that stores bytes passes at most ${MOST_FILES} of our files`, async () => {
  // The first finds out what the store needs, and opens connections.
  expect((await append(await create())).status).toBe(204);
  const id = await create();
  const files = await filesOf(async () => {
    expect((await append(id)).status).toBe(204);
  });
  const passed = [...new Set(files)].filter((file) => !CALLED_BACK.test(file)).sort();
  expect(passed).toContain('apps/api/src/tus/store/ingest.ts');
  expect(passed.length, passed.join('\n')).toBeLessThanOrEqual(MOST_FILES);
});
