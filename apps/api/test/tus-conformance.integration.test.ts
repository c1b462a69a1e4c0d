import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from './harness/test-api.ts';

let api: TestApi;
/** Uploads of the same user: open with 3 of 6 bytes, final, and deleted. */
const ids = { open: '', final: '', gone: '', unknown: randomUUID() };

type Headers = Record<string, string | undefined>;
const OCTETS = 'application/offset+octet-stream';
const METADATA = `filename ${btoa('a.bin')},filetype ${btoa('application/octet-stream')}`;
const BYTES: Headers = { 'content-type': OCTETS, 'upload-offset': '3' };

const send = (method: string, path: string, headers: Headers = {}, body?: string) => {
  const all = { authorization: `Bearer ${api.tokenFor('ann')}`, 'tus-resumable': '1.0.0', ...headers };
  const given = Object.entries(all).filter(([, value]) => value !== undefined) as [string, string][];
  return fetch(`${api.url}/v1/uploads${path}`, {
    method,
    headers: given,
    ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }),
  });
};
const create = async (headers: Headers, body?: string): Promise<string> => {
  const created = await send('POST', '', { 'upload-metadata': METADATA, ...headers }, body);
  expect(created.status).toBe(201);
  return created.headers.get('location')?.split('/').at(-1) ?? '';
};

beforeAll(async () => {
  api = await startTestApi(inject('stack'), { MAX_UPLOAD_BYTES: '1000000' });
  ids.open = await create({ 'upload-length': '6', 'content-type': OCTETS }, 'abc');
  ids.gone = await create({ 'upload-length': '6' });
  await send('DELETE', `/${ids.gone}`);
  const part = await create(
    { 'upload-length': '3', 'content-type': OCTETS, 'upload-concat': 'partial' },
    'abc',
  );
  ids.final = await create({ 'upload-concat': `final;/v1/uploads/${part}` });
});
afterAll(() => api?.close());

interface Row {
  /** The section of tus 1.0.0, and what it says. */
  says: string;
  method: string;
  upload?: keyof typeof ids;
  headers?: Headers;
  body?: string;
  status: number;
  /** `undefined`: the header must not be there. */
  expected?: Record<string, string | RegExp | undefined>;
}

const creation = { 'upload-metadata': METADATA };

const TABLE: Row[] = [
  {
    says: 'HEAD: the response MUST include Upload-Offset, and Upload-Length when it is known',
    method: 'HEAD',
    upload: 'open',
    status: 200,
    expected: { 'upload-offset': '3', 'upload-length': '6' },
  },
  {
    says: 'HEAD: the response MUST have Cache-Control: no-store',
    method: 'HEAD',
    upload: 'open',
    status: 200,
    expected: { 'cache-control': 'no-store' },
  },
  {
    says: 'HEAD: an unknown upload SHOULD be 404, and MUST NOT have Upload-Offset',
    method: 'HEAD',
    upload: 'unknown',
    status: 404,
    expected: { 'upload-offset': undefined, 'cache-control': 'no-store' },
  },
  {
    says: 'HEAD: an upload that was deleted SHOULD be 410',
    method: 'HEAD',
    upload: 'gone',
    status: 410,
    expected: { 'upload-offset': undefined, 'cache-control': 'no-store' },
  },
  {
    says: 'HEAD: an answer to a request without a token is not kept either',
    method: 'HEAD',
    upload: 'open',
    headers: { authorization: undefined },
    status: 401,
    expected: { 'cache-control': 'no-store' },
  },
  {
    says: 'PATCH: another Content-Type SHOULD be 415',
    method: 'PATCH',
    upload: 'open',
    headers: { ...BYTES, 'content-type': 'text/plain' },
    body: 'd',
    status: 415,
  },
  {
    says: 'PATCH: no Content-Type SHOULD be 415',
    method: 'PATCH',
    upload: 'open',
    headers: { 'upload-offset': '3' },
    body: 'd',
    status: 415,
  },
  {
    says: 'PATCH: another Upload-Offset MUST be 409',
    method: 'PATCH',
    upload: 'open',
    headers: { ...BYTES, 'upload-offset': '2' },
    body: 'd',
    status: 409,
  },
  {
    says: 'PATCH: an unknown upload SHOULD be 404',
    method: 'PATCH',
    upload: 'unknown',
    headers: BYTES,
    body: 'd',
    status: 404,
  },
  {
    says: 'PATCH: success MUST be 204 with the new Upload-Offset; a parameter of the type means nothing',
    method: 'PATCH',
    upload: 'open',
    headers: { ...BYTES, 'content-type': `${OCTETS}; charset=utf-8` },
    body: 'd',
    status: 204,
    expected: { 'upload-offset': '4' },
  },
  {
    says: 'OPTIONS: the response MUST contain Tus-Version, and MAY contain Tus-Extension and Tus-Max-Size',
    method: 'OPTIONS',
    status: 204,
    expected: { 'tus-version': '1.0.0', 'tus-extension': /creation,/, 'tus-max-size': '1000000' },
  },
  {
    says: 'Tus-Resumable: another version MUST be 412 with Tus-Version, and the request not be processed',
    method: 'POST',
    headers: { ...creation, 'upload-length': '1', 'tus-resumable': '0.2.2' },
    status: 412,
    expected: { 'tus-version': '1.0.0' },
  },
  {
    says: 'X-HTTP-Method-Override: its value MUST be taken for the method',
    method: 'POST',
    upload: 'open',
    headers: { 'x-http-method-override': 'HEAD' },
    status: 200,
    expected: { 'upload-offset': '4' },
  },
  {
    says: 'Creation: success MUST be 201 with Location',
    method: 'POST',
    headers: { ...creation, 'upload-length': '1' },
    status: 201,
    expected: { location: /\/v1\/uploads\/[0-9a-f-]{36}$/ },
  },
  {
    says: 'Creation: a length above Tus-Max-Size MUST be 413',
    method: 'POST',
    headers: { ...creation, 'upload-length': '1000001' },
    status: 413,
  },
  {
    says: 'Creation: so MUST one of more digits than a number has',
    method: 'POST',
    headers: { ...creation, 'upload-length': '1'.repeat(40) },
    status: 413,
  },
  {
    says: 'Creation: Upload-Length MUST be a non-negative integer',
    method: 'POST',
    headers: { ...creation, 'upload-length': '-1' },
    status: 400,
  },
  {
    says: 'Upload-Defer-Length: any value but 1 SHOULD be 400',
    method: 'POST',
    headers: { ...creation, 'upload-defer-length': '2' },
    status: 400,
  },
  {
    says: 'Checksum: an algorithm that is not supported MUST be 400',
    method: 'PATCH',
    upload: 'open',
    headers: { ...BYTES, 'upload-offset': '4', 'upload-checksum': 'md5 YQ==' },
    body: 'd',
    status: 400,
  },
  {
    says: 'Checksum: a mismatch MUST be 460',
    method: 'PATCH',
    upload: 'open',
    headers: { ...BYTES, 'upload-offset': '4', 'upload-checksum': `sha1 ${'A'.repeat(27)}=` },
    body: 'd',
    status: 460,
  },
  {
    says: 'Concatenation: HEAD of a final upload MUST include Upload-Concat',
    method: 'HEAD',
    upload: 'final',
    status: 200,
    expected: { 'upload-concat': /^final;/, 'upload-length': '3' },
  },
  {
    says: 'Concatenation: a PATCH against a final upload MUST be 403',
    method: 'PATCH',
    upload: 'final',
    headers: BYTES,
    body: 'd',
    status: 403,
  },
  {
    says: 'Termination: an upload that was deleted SHOULD be 404 or 410',
    method: 'PATCH',
    upload: 'gone',
    headers: { ...BYTES, 'upload-offset': '0' },
    body: 'd',
    status: 410,
  },
];

describe('tus 1.0.0', () => {
  test.each(TABLE)('$says', async ({ method, upload, headers, body, status, expected = {} }) => {
    const answer = await send(method, upload === undefined ? '' : `/${ids[upload]}`, headers, body);
    expect(answer.status).toBe(status);
    // Tus-Resumable: the header MUST be in every response.
    expect(answer.headers.get('tus-resumable')).toBe('1.0.0');
    for (const [name, value] of Object.entries(expected))
      if (value === undefined) expect(answer.headers.get(name)).toBeNull();
      else
        expect(answer.headers.get(name)).toMatch(value instanceof RegExp ? value : new RegExp(`^${value}$`));
  });
});
