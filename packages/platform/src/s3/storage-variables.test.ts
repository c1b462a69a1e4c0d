import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../process/config.ts';
import { kmsKeyWithKms, storageVariables, toStorageOptions } from './storage-variables.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-storage-variables-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = (env: Record<string, string>) =>
  toStorageOptions(
    readConfig(z.object(storageVariables).refine(...kmsKeyWithKms), {
      S3_ENDPOINT: 'https://s3.example',
      S3_BUCKET: 'media',
      ...env,
    }),
  );

const fileWith = async (content: string): Promise<string> => {
  const path = join(folder, crypto.randomUUID());
  await writeFile(path, content);
  return path;
};

test('S3_CA_FILE becomes the trust of connections; without it the default stays', async () => {
  expect(read({ S3_CA_FILE: await fileWith(rootCertificates[0] ?? '') }).tls?.secureContext).toBeDefined();
  expect(read({}).tls).toEqual({});
});

test.each([
  ['is missing', undefined, 'cannot be read (ENOENT)'],
  ['holds no certificate', 'a key', 'must contain certificates in PEM'],
  [
    'is damaged',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    'contains a certificate that cannot be read',
  ],
])('a file in S3_CA_FILE that %s is a problem of the configuration', async (_, content, problem) => {
  const S3_CA_FILE = content === undefined ? join(folder, 'missing') : await fileWith(content);
  expect(() => read({ S3_CA_FILE })).toThrow(`S3_CA_FILE: ${problem}`);
});

test('S3_SSE asks for encryption, with a key only from a KMS', () => {
  expect(read({}).encryption).toBeUndefined();
  expect(read({ S3_SSE: 'AES256' }).encryption).toEqual({ algorithm: 'AES256', kmsKeyId: undefined });
  expect(read({ S3_SSE: 'aws:kms', S3_SSE_KMS_KEY_ID: 'k' }).encryption).toEqual({
    algorithm: 'aws:kms',
    kmsKeyId: 'k',
  });
  for (const algorithm of ['', 'AES256'])
    expect(() => read({ S3_SSE: algorithm, S3_SSE_KMS_KEY_ID: 'k' })).toThrow(
      'S3_SSE_KMS_KEY_ID: needs S3_SSE=aws:kms',
    );
  expect(() => read({ S3_SSE: 'none' })).toThrow('S3_SSE: ');
});
