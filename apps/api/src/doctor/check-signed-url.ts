import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Config } from '../config.ts';
import { describeError } from './attempt.ts';
import { type Check, failed, passed, warned } from './check.ts';
import { isLocal } from './is-local.ts';
import { requestStore } from './request-store.ts';

const NAME = 'signed URLs';
const TYPE = 'text/plain';

const checkHost = ({ publicUrl }: Config, origin: string): Check =>
  isLocal(origin) && !isLocal(publicUrl)
    ? failed(
        NAME,
        `they lead to ${origin}, which clients of ${publicUrl} can't reach`,
        'set S3_PUBLIC_ENDPOINT to the address of the store that clients reach',
      )
    : passed(NAME, `${origin} answers, ranges and types too`);

const checkAnswer = async (url: string, tls: Storage['tls'], bytes: Buffer): Promise<Check | undefined> => {
  const { origin } = new URL(url);
  const { status, header, body } = await requestStore(url, tls, { headers: { range: 'bytes=1-9' } });
  if (status === 403)
    return failed(
      NAME,
      `${origin} refuses the signature`,
      'a proxy before the store must pass the Host header and the query on as they are; S3_PUBLIC_ENDPOINT must be the address itself; clocks must agree',
    );
  if (status !== 206 && status !== 200)
    return failed(
      NAME,
      `${origin} answers ${status}`,
      'S3_PUBLIC_ENDPOINT must lead to the store, without redirects or a log-in',
    );
  if (status === 200)
    return warned(
      NAME,
      `${origin} ignores ranges: films can't be wound`,
      'let the proxy before the store pass Range on',
    );
  if (!bytes.subarray(1, 10).equals(body))
    return failed(NAME, `${origin} answers with other bytes`, 'S3_PUBLIC_ENDPOINT leads to another store');
  return header('content-type').startsWith(TYPE)
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
    return [(await checkAnswer(url, storage.tls, bytes)) ?? checkHost(config, origin)];
  } catch (error) {
    const fix =
      'set S3_PUBLIC_ENDPOINT to the address of the store that clients reach; where only they can, run the doctor there';
    return [failed(NAME, `${origin} can't be reached from here: ${describeError(error)}`, fix)];
  }
};
