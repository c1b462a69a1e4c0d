import http from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { TlsOptions } from '@claimcheck/platform/s3/tls-options';

interface StoreAnswer {
  status: number;
  /** A header that is missing is ''. */
  header: (name: string) => string;
  body: Buffer;
}

const PATIENCE_MS = 5_000;

/**
 * Sends a request without a body as a client does, with a signature in its URL or none. Unlike `fetch`, it trusts the store's
 * own certificate authorities.
 *
 * @throws the connection's error; a time-out
 */
export const requestStore = async (
  url: string,
  tls: TlsOptions,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<StoreAnswer> => {
  const { request } = url.startsWith('https:') ? https : http;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request(url, { agent: false, signal, ...tls, ...options })
      .once('response', resolve)
      .once('error', (error) => reject(signal.aborted ? signal.reason : error))
      .end();
  });
  return {
    status: answer.statusCode ?? 0,
    header: (name) => [answer.headers[name]].flat().join(', '),
    body: await buffer(answer),
  };
};
