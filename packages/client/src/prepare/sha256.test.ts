import { expect, test } from 'vitest';
import { sha256OfBlob } from './sha256.ts';

const byWebCrypto = async (bytes: Uint8Array<ArrayBuffer>) =>
  [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');

test.each([0, 1, 1_048_576, 3_000_001])(
  '%i bytes hashed slice by slice give the digest of Web Crypto',
  async (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 31) % 251);
    expect(await sha256OfBlob(new Blob([bytes]))).toBe(await byWebCrypto(bytes));
  },
);
