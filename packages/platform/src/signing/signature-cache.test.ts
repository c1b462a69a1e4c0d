import { expect, test } from 'vitest';
import type { DownloadToSign } from './download-signer.ts';
import { SignatureCache } from './signature-cache.ts';

const download = (signedAt: string): DownloadToSign => ({
  key: 'a/1/high.webp',
  seconds: 600,
  signed_at: new Date(signedAt),
  content_type: 'image/webp',
  content_disposition: 'inline',
});

const counting = () => {
  const asked: DownloadToSign[] = [];
  const cache = new SignatureCache({
    sign: async (one) => {
      asked.push(one);
      if (asked.length === 1) throw new Error('no credentials yet');
      return { url: `https://store.example/${asked.length}`, expires_at: 0 };
    },
  });
  return { asked, cache };
};

test('one step of the clock takes one signature; a failure is not cached', async () => {
  const { asked, cache } = counting();
  await expect(cache.sign(download('2026-11-29T12:00:00Z'))).rejects.toThrow('no credentials yet');
  const first = await cache.sign(download('2026-11-29T12:00:00Z'));
  expect(await cache.sign(download('2026-11-29T12:00:00Z'))).toBe(first);
  expect(asked).toHaveLength(2);
  expect(await cache.sign(download('2026-11-29T12:05:00Z'))).not.toEqual(first);
  cache.forget();
  expect(await cache.sign(download('2026-11-29T12:00:00Z'))).not.toEqual(first);
});
