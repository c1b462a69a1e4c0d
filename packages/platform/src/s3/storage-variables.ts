import { z } from 'zod';
import { flag, httpUrl } from '../process/config.ts';
import type { StorageKeys, StorageOptions } from './s3-client.ts';
import { readAuthorities, tlsOptionsOf } from './tls-options.ts';

const listOfNames = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])));

/** Read once, at the start, so that a wrong file is one of the configuration's problems. */
const authorities = z.string().transform((path, context): string => {
  try {
    return readAuthorities(path);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'cannot be read' });
    return z.NEVER;
  }
});

export const storageVariables = {
  S3_ENDPOINT: httpUrl.describe('Address of the store, as the processes reach it.'),
  S3_PUBLIC_ENDPOINT: httpUrl.optional().meta({
    description: 'Address of the store, as clients reach it: the host of signed URLs.',
    byDefault: '`S3_ENDPOINT`',
  }),
  S3_REGION: z.string().min(1).default('us-east-1').describe('Region of the bucket.'),
  S3_BUCKET: z.string().min(3).max(63).describe('Bucket for everything.'),
  S3_BUCKETS_READABLE: listOfNames.describe(
    'Buckets that `S3_BUCKET` named before, comma-separated: what they hold stays readable.',
  ),
  S3_ACCESS_KEY_ID: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Key of the store. Without it the AWS SDK finds the identity that the platform provides: IRSA, EKS Pod Identity, instance roles. The worker may have another one, which reads everywhere and writes outside of `*/source`.',
    ),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('Secret of that key.'),
  S3_SESSION_TOKEN: z.string().min(1).optional().describe('Session token of a temporary key.'),
  S3_FORCE_PATH_STYLE: flag
    .default(true)
    .describe('The bucket is in the path (`true`) or in the host name of URLs.'),
  S3_CA_FILE: authorities
    .optional()
    .describe(
      'File with certificate authorities (PEM) that are trusted for the store alone, besides those of Node. Read at the start.',
    ),
  S3_SSE: z.enum(['AES256', 'aws:kms']).optional().meta({
    description: 'Encryption at rest that every write asks for: by keys of the store, or of its KMS.',
    byDefault: "the bucket's own rule",
  }),
  S3_SSE_KMS_KEY_ID: z.string().min(1).optional().meta({
    description: 'Key for `aws:kms`: its ARN, or its id.',
    byDefault: "the store's own key",
  }),
};

type StorageVariables = z.output<z.ZodObject<typeof storageVariables>>;

/** A key has two halves; without both, the platform provides the process's identity. */
const hasWholeKey = (env: Pick<StorageVariables, 'S3_ACCESS_KEY_ID' | 'S3_SECRET_ACCESS_KEY'>): boolean =>
  (env.S3_ACCESS_KEY_ID === undefined) === (env.S3_SECRET_ACCESS_KEY === undefined);

/** Arguments of a schema's `refine`. */
export const kmsKeyWithKms: [
  (env: Pick<StorageVariables, 'S3_SSE' | 'S3_SSE_KMS_KEY_ID'>) => boolean,
  object,
] = [
  (env) => env.S3_SSE_KMS_KEY_ID === undefined || env.S3_SSE === 'aws:kms',
  { path: ['S3_SSE_KMS_KEY_ID'], message: 'needs S3_SSE=aws:kms', when: () => true },
];

/** Arguments of a schema's `refine`. */
export const wholeStorageKey: [typeof hasWholeKey, object] = [
  hasWholeKey,
  {
    path: ['S3_ACCESS_KEY_ID'],
    message: 'set both S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or neither',
    // Reported together with all other problems, not only once those are solved.
    when: () => true,
  },
];

const keysOf = (read: StorageVariables): StorageKeys | undefined => {
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = read;
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: read.S3_SESSION_TOKEN };
};

/** Returns the settings of {@link storageVariables} for `Storage`. */
export const toStorageOptions = (read: StorageVariables): StorageOptions => {
  const keys = keysOf(read);
  return {
    endpoint: read.S3_ENDPOINT,
    publicEndpoint: read.S3_PUBLIC_ENDPOINT,
    region: read.S3_REGION,
    bucket: read.S3_BUCKET,
    readableBuckets: read.S3_BUCKETS_READABLE,
    keys: keys === undefined ? undefined : () => keys,
    forcePathStyle: read.S3_FORCE_PATH_STYLE,
    tls: tlsOptionsOf(read.S3_CA_FILE),
    encryption: read.S3_SSE && { algorithm: read.S3_SSE, kmsKeyId: read.S3_SSE_KMS_KEY_ID },
  };
};
