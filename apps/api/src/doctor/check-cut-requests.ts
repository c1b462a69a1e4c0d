import { randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { DirectStorage, type SignedRequest } from '@claimcheck/platform/direct-storage';
import type { Storage } from '@claimcheck/platform/storage';
import { type Check, passed, warned } from './check.ts';

const NAME = 'cut requests';
const PATIENCE_MS = 5_000;
const SIGNED_SECONDS = 60;
/** Declared; half of them are sent. More than a server reads before it looks at a request. */
const BYTES = 1_024 * 1_024;

/** Closes the connection in order, as a browser does with a tab. Resolves with whatever the store makes of it. */
const sendHalf = ({ url, headers }: SignedRequest): Promise<void> =>
  new Promise((resolve) => {
    const { request } = url.startsWith('https:') ? https : http;
    const sending = request(url, {
      method: 'PUT',
      headers: { ...headers, 'content-length': BYTES },
      agent: false,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    sending.on('response', (response) => response.resume());
    sending.on('error', () => resolve());
    sending.on('close', () => resolve());
    sending.write(randomBytes(BYTES / 2), () => sending.socket?.end());
  });

/**
 * Whether the store takes a request that ends before its `Content-Length` for a whole one: what a client had
 * begun to send would be a file.
 *
 * @param key of no media object; the caller removes it
 */
export const checkCutRequests = async (storage: Storage, key: string): Promise<Check[]> => {
  const direct = new DirectStorage(storage);
  await sendHalf(await direct.signPut(key, { size_bytes: BYTES, seconds: SIGNED_SECONDS }));
  const kept = await storage.head(key);
  return [
    kept === undefined
      ? passed(NAME, 'the store keeps nothing of a request that is cut off')
      : warned(
          NAME,
          `the store keeps ${kept.size_bytes} of ${BYTES} bytes of a request that was cut off, as if it had been whole`,
          'use a release of the store that refuses it (versitygw: later than 1.8.0); until then uploads past us are safe only from clients that send Content-MD5, as the SDK does',
        ),
  ];
};
