import { randomBytes } from 'node:crypto';
import { MIB } from '@claimcheck/contracts/limits';
import type { Config } from '../config.ts';
import { describeError } from './attempt.ts';
import { type Check, failed, passed, skipped } from './check.ts';

const NAME = 'upload through PUBLIC_URL';
/** Larger than the default limits of proxies, for example the 1 MiB of nginx. */
const BODY_BYTES = 4 * MIB;
const PATIENCE_MS = 10_000;
const TUS = { 'tus-resumable': '1.0.0' };

/** Names the failed request, and the reason. */
class Refusal extends Error {
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.name = 'Refusal';
    this.fix = fix;
  }
}

const LIMIT_FIX =
  'raise the limit of bodies at the proxy in front (nginx: client_max_body_size 0; ingress-nginx: proxy-body-size "0"), and let it pass them on at once (proxy_request_buffering off)';
const PASS_FIX =
  'let the proxy in front pass on the methods POST, PATCH, HEAD, DELETE and the headers Authorization, Tus-Resumable, Upload-*, Location as they are';

const isOurs = (response: Response): boolean =>
  response.headers.get('content-type')?.startsWith('application/problem+json') === true;

const refusalOf = (method: string, response: Response): Refusal => {
  const { status } = response;
  if (status === 413 && !isOurs(response))
    return new Refusal(`the proxy in front refuses a body of ${BODY_BYTES} bytes (413)`, LIMIT_FIX);
  if (!isOurs(response))
    return new Refusal(`something in front of the api answers ${method} with ${status}`, PASS_FIX);
  if (status === 401)
    return new Refusal(
      `the api refuses the token (401): it, or the Authorization header, does not arrive as it was sent`,
      `${PASS_FIX}; and give the doctor the AUTH_… variables of the api, or a token with --token`,
    );
  // The request was correct when it left.
  return new Refusal(
    `the api answers ${method} with ${status}`,
    status < 500 ? PASS_FIX : 'read the log of the api',
  );
};

const send = async (
  url: string,
  init: RequestInit & { method: string; headers: Record<string, string> },
  expected: number,
): Promise<Response> => {
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'manual' });
  } catch (error) {
    // A proxy may close the connection when it has read as much of a body as it accepts.
    throw new Refusal(`${init.method} has no answer: ${describeError(error)}`, `${LIMIT_FIX}; ${PASS_FIX}`);
  }
  await response.body?.cancel();
  if (response.status !== expected) throw refusalOf(init.method, response);
  return response;
};

const headerOf = (response: Response, name: string, method: string): string => {
  const value = response.headers.get(name);
  if (value === null) throw new Refusal(`the answer to ${method} has lost its header ${name}`, PASS_FIX);
  return value;
};

const transfer = async (location: string, headers: Record<string, string>): Promise<void> => {
  const patched = await send(
    location,
    {
      method: 'PATCH',
      headers: { ...headers, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
      body: randomBytes(BODY_BYTES),
    },
    204,
  );
  if (headerOf(patched, 'upload-offset', 'PATCH') !== String(BODY_BYTES))
    throw new Refusal('only a part of the body arrived', LIMIT_FIX);
  headerOf(await send(location, { method: 'HEAD', headers }, 200), 'upload-offset', 'HEAD');
};

const uploadAndEnd = async (publicUrl: string, headers: Record<string, string>): Promise<void> => {
  // A part of a concatenation: the bytes are stored, but never become a media object.
  const created = await send(
    `${publicUrl}/v1/uploads`,
    {
      method: 'POST',
      headers: { ...headers, 'upload-concat': 'partial', 'upload-length': String(BODY_BYTES) },
    },
    201,
  );
  const location = headerOf(created, 'location', 'POST');
  if (!location.startsWith(`${publicUrl}/`))
    throw new Refusal(
      `the upload's address is ${location}, elsewhere than PUBLIC_URL`,
      'give api and doctor the same PUBLIC_URL, and stop the proxy from rewriting Location',
    );
  const end = () => send(location, { method: 'DELETE', headers }, 204);
  try {
    await transfer(location, headers);
  } catch (error) {
    // Report the first failure; an upload left behind expires.
    await end().catch(() => undefined);
    throw error;
  }
  await end();
};

/** Uploads some bytes as clients do, with tus through the proxy in front, and ends that upload. */
export const checkUpload = async (
  { publicUrl, maxUploadBytes }: Config,
  token: string | undefined,
): Promise<Check> => {
  if (token === undefined)
    return skipped(NAME, 'only a JWKS is configured', "give the doctor a user's token with --token");
  if (maxUploadBytes < BODY_BYTES) return skipped(NAME, `MAX_UPLOAD_BYTES is below ${BODY_BYTES}`);
  const began = performance.now();
  try {
    await uploadAndEnd(publicUrl, { ...TUS, authorization: `Bearer ${token}` });
    return passed(NAME, `${BODY_BYTES} bytes and all headers in ${Math.round(performance.now() - began)} ms`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failed(NAME, error.message, error.fix);
  }
};
