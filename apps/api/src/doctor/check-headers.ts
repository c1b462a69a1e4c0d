import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { type Check, passed, skipped, warned } from './check.ts';

const NAME = 'headers through PUBLIC_URL';
const PATIENCE_MS = 5_000;
const FIX =
  'let the proxy in front pass on all headers of requests, ETag of answers too, as they are; without X-HTTP-Method-Override clients cannot upload from networks that let only GET and POST through, without If-None-Match answers are sent again that a client has';

interface Looked {
  header: string;
  /** Undefined: another server answered, and the result is unknown. */
  arrives: boolean | undefined;
}

const ask = async (url: string, init: RequestInit): Promise<Response> => {
  const response = await fetch(url, {
    ...init,
    signal: AbortSignal.timeout(PATIENCE_MS),
    redirect: 'manual',
  });
  await response.body?.cancel();
  return response;
};

/** Deletes a missing upload by a POST with X-HTTP-Method-Override; without that header, uploads have no POST. */
const lookAtOverride = async (publicUrl: string, token: string): Promise<Looked> => {
  const { status } = await ask(`${publicUrl}/v1/uploads/${randomUUID()}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'tus-resumable': '1.0.0',
      'x-http-method-override': 'DELETE',
    },
  });
  const arrives = status === 404 ? true : status === 405 ? false : undefined;
  return { header: 'X-HTTP-Method-Override', arrives };
};

/** Requests a resource that it has just received. */
const lookAtCondition = async (publicUrl: string): Promise<Looked> => {
  const url = `${publicUrl}/config.json`;
  const first = await ask(url, {});
  const etag = first.headers.get('etag');
  if (etag === null) return { header: 'ETag', arrives: first.ok ? false : undefined };
  // By itself fetch would add `no-cache`, and receive the whole answer again.
  const { status } = await ask(url, { headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' } });
  const arrives = status === 304 ? true : status === 200 ? false : undefined;
  return { header: 'If-None-Match', arrives };
};

/**
 * Checks headers that an upload does not need, but some clients do. `Range` is checked at the signed URLs, to which
 * downloads lead.
 */
export const checkHeaders = async ({ publicUrl }: Config, token: string | undefined): Promise<Check> => {
  const looked = await Promise.all([
    lookAtCondition(publicUrl),
    ...(token === undefined ? [] : [lookAtOverride(publicUrl, token)]),
  ]);
  const which = (wanted: boolean | undefined) =>
    looked.flatMap(({ header, arrives }) => (arrives === wanted ? [header] : [])).join(', ');
  if (which(false) !== '') return warned(NAME, `lost on the way: ${which(false)}`, FIX);
  if (which(true) === '') return skipped(NAME, 'something else answers in place of the api');
  return passed(NAME, `${which(true)}: as they were sent`);
};
