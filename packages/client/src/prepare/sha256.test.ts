import { expect, test } from 'vitest';
import { sha256OfBlob } from './sha256.ts';

const byWebCrypto = async (bytes: Uint8Array<ArrayBuffer>) =>
  [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');

test.each([0, 1, 1_048_576, 3_000_001])(
  '%i bytes hash slice by slice to what Web Crypto says',
  async (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 31) % 251);
    expect(await sha256OfBlob(new Blob([bytes]))).toBe(await byWebCrypto(bytes));
  },
);
