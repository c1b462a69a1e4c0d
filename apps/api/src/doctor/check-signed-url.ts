import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Config } from '../config.ts';
import { describeError } from './attempt.ts';
import { type Check, failed, passed, warned } from './check.ts';
import { isLocal } from './is-local.ts';

const NAME = 'signed URLs';
const PATIENCE_MS = 5_000;
const TYPE = 'text/plain';

const checkHost = ({ publicUrl }: Config, origin: string): Check =>
  isLocal(origin) && !isLocal(publicUrl)
    ? failed(
        NAME,
        `they lead to ${origin}, which clients of ${publicUrl} can't reach`,
        'set S3_PUBLIC_ENDPOINT to the address of the store that clients reach',
      )
    : passed(NAME, `${origin} answers, ranges and types too`);

const checkAnswer = async (url: string, bytes: Buffer): Promise<Check | undefined> => {
  const { origin } = new URL(url);
  const response = await fetch(url, {
    headers: { range: 'bytes=1-9' },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status === 403)
    return failed(
      NAME,
      `${origin} refuses the signature`,
      'a proxy before the store must pass the Host header and the query on as they are; S3_PUBLIC_ENDPOINT must be the address itself; clocks must agree',
    );
  if (response.status !== 206 && response.status !== 200)
    return failed(
      NAME,
      `${origin} answers ${response.status}`,
      'S3_PUBLIC_ENDPOINT must lead to the store, without redirects or a log-in',
    );
  if (response.status === 200)
    return warned(
      NAME,
      `${origin} ignores ranges: films can't be wound`,
      'let the proxy before the store pass Range on',
    );
  if (!bytes.subarray(1, 10).equals(body))
    return failed(NAME, `${origin} answers with other bytes`, 'S3_PUBLIC_ENDPOINT leads to another store');
  return response.headers.get('content-type')?.startsWith(TYPE) === true
    ? undefined
    : warned(
        NAME,
        `${origin} ignores the signed type`,
        'use a store that knows response-content-type, or DOWNLOAD_MODE=proxy',
      );
};

/** Fetches an object as a client does after a redirect. */
export const checkSignedUrl = async (
  config: Config,
  storage: Storage,
  key: string,
  bytes: Buffer,
): Promise<Check[]> => {
  const url = await storage.signedUrl(key, {
    seconds: 60,
    content_type: TYPE,
    content_disposition: 'inline',
  });
  const { origin } = new URL(url);
  try {
    return [(await checkAnswer(url, bytes)) ?? checkHost(config, origin)];
  } catch (error) {
    const fix =
      'set S3_PUBLIC_ENDPOINT to the address of the store that clients reach; where only they can, run the doctor there';
    return [failed(NAME, `${origin} can't be reached from here: ${describeError(error)}`, fix)];
  }
};
