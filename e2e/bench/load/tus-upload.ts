import type { Agent } from 'node:http';
import { type Answer, exchange } from './http-exchange.ts';

export interface TusCreation {
  /** Where uploads are created. */
  endpoint: string;
  size_bytes: number;
  /** Bearer token, if the server needs one. */
  token: string | undefined;
  agent: Agent;
  signal: AbortSignal;
}

export interface TusUpload extends TusCreation {
  body: () => Iterable<Buffer>;
  /** The creation carries the body (tus extension creation-with-upload). */
  with_creation: boolean;
}

const metadata = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

const METADATA = metadata({ filename: 'bench.bin', filetype: 'application/octet-stream' });

const expectStatus = (what: string, answer: Answer, status: number): void => {
  if (answer.status !== status) throw new Error(`${what} was answered ${answer.status}: ${answer.text}`);
};

const expectOffset = (what: string, answer: Answer, offset: number): void => {
  const got = answer.headers['upload-offset'];
  if (got !== String(offset)) throw new Error(`${what} was answered Upload-Offset ${got}, not ${offset}`);
};

const commonHeaders = ({ token }: TusCreation): Record<string, string> => ({
  'tus-resumable': '1.0.0',
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
});

const bodyHeaders = ({ size_bytes }: TusCreation): Record<string, string> => ({
  'content-type': 'application/offset+octet-stream',
  'content-length': String(size_bytes),
});

/**
 * Creates an upload, with the complete body if there is one.
 * @returns the upload's URL; @throws when the answer or its Upload-Offset is wrong
 */
export const createTusUpload = async (upload: TusCreation, body?: Iterable<Buffer>): Promise<string> => {
  const { endpoint, size_bytes, agent, signal } = upload;
  const answer = await exchange({
    method: 'POST',
    url: endpoint,
    headers: {
      ...commonHeaders(upload),
      'upload-length': String(size_bytes),
      'upload-metadata': METADATA,
      ...(body === undefined ? { 'content-length': '0' } : bodyHeaders(upload)),
    },
    ...(body === undefined ? {} : { body }),
    agent,
    signal,
  });
  expectStatus('a creation', answer, 201);
  if (body !== undefined) expectOffset('a creation with its body', answer, size_bytes);
  const { location } = answer.headers;
  if (location === undefined) throw new Error('a creation was answered without Location');
  return new URL(location, endpoint).href;
};

/**
 * Uploads as stock tus clients do: a creation, then one PATCH with everything.
 * @returns the upload's URL; @throws when an answer or an Upload-Offset is wrong
 */
export const uploadByTus = async (upload: TusUpload): Promise<string> => {
  if (upload.with_creation) return createTusUpload(upload, upload.body());
  const url = await createTusUpload(upload);
  const answer = await exchange({
    method: 'PATCH',
    url,
    headers: { ...commonHeaders(upload), ...bodyHeaders(upload), 'upload-offset': '0' },
    body: upload.body(),
    agent: upload.agent,
    signal: upload.signal,
  });
  expectStatus('a PATCH', answer, 204);
  expectOffset('a PATCH', answer, upload.size_bytes);
  return url;
};
