import http from 'node:http';
import https from 'node:https';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { MIB } from '@claimcheck/contracts/limits';
import { encryptionFields, encryptionHeaders } from './object-encryption.ts';
import type { Storage } from './storage.ts';

const PATIENCE_MS = 5_000;
const SIGNED_SECONDS = 60;

/** Declared length of a request of which half is sent: more than a server reads before it handles the request. */
export const CUT_REQUEST_BYTES = MIB;

/** Closes the connection in order, as the system does for a killed process, and a browser for a closed tab. */
const sendHalf = (url: string, { tls, encryption }: Pick<Storage, 'tls' | 'encryption'>): Promise<void> =>
  new Promise((resolve) => {
    const { request } = url.startsWith('https:') ? https : http;
    const sending = request(url, {
      method: 'PUT',
      headers: { 'content-length': CUT_REQUEST_BYTES, ...encryptionHeaders(encryption) },
      agent: false,
      ...tls,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    sending.on('response', (response) => response.resume());
    sending.on('error', () => resolve());
    sending.on('close', () => resolve());
    sending.write(Buffer.alloc(CUT_REQUEST_BYTES / 2), () => sending.socket?.end());
  });

/**
 * Returns how many bytes the store keeps of a request that ends before its `Content-Length`; undefined if it refuses such a
 * request, as it should.
 *
 * @param client uses the path to the store that is to be tested
 * @param key of no other object; the caller removes it
 * @throws when the store does not answer
 */
export const keptOfCutRequest = async (
  storage: Storage,
  client: S3Client,
  key: string,
): Promise<number | undefined> => {
  const object = { Bucket: storage.bucket, Key: key };
  const command = new PutObjectCommand({ ...object, ...encryptionFields(storage.encryption) });
  const url = await getSignedUrl(client, command, { expiresIn: SIGNED_SECONDS });
  await sendHalf(url, storage);
  return (await storage.head(key))?.size_bytes;
};
