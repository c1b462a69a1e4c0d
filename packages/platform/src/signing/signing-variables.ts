import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { httpUrl } from '../process/config.ts';

export const signingVariables = {
  CDN_URL: httpUrl.optional().describe('Address of a CDN, or an edge of yours, in front of the bucket.'),
  CDN_SIGNING: z
    .enum(['cloudfront', 'hmac'])
    .default('hmac')
    .describe('How its URLs are signed: as CloudFront checks them, or [by HMAC](operations.md).'),
  CDN_KEY_ID: z.string().min(1).optional().describe("Id of CloudFront's public key."),
  CDN_SIGNING_KEY: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe("CloudFront's RSA private key as PEM, or the secret of the HMAC."),
};

type SigningVariables = z.output<z.ZodObject<typeof signingVariables>>;

const isPrivateKey = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
};

const isComplete = ({ CDN_URL, CDN_SIGNING, CDN_KEY_ID, CDN_SIGNING_KEY }: SigningVariables): boolean => {
  if (CDN_URL === undefined) return true;
  if (CDN_SIGNING_KEY === undefined) return false;
  return CDN_SIGNING === 'hmac' || (CDN_KEY_ID !== undefined && isPrivateKey(CDN_SIGNING_KEY));
};

/** Arguments of a schema's `refine`. */
export const completeCdn: [typeof isComplete, object] = [
  isComplete,
  {
    path: ['CDN_URL'],
    message: 'needs CDN_SIGNING_KEY; with CDN_SIGNING=cloudfront an RSA private key as PEM, and CDN_KEY_ID',
  },
];

/** Returns the settings of {@link signingVariables} for `createDownloadSigner`. */
export const toCdnSettings = (read: SigningVariables) => {
  const { CDN_URL: url, CDN_SIGNING_KEY: key } = read;
  if (url === undefined || key === undefined) return undefined;
  return { url, kind: read.CDN_SIGNING, keyId: read.CDN_KEY_ID ?? '', key };
};

export type CdnSettings = NonNullable<ReturnType<typeof toCdnSettings>>;
