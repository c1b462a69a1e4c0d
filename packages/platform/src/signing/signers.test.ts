import { createHmac, createVerify, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { CloudFrontSigner } from './cloudfront-signer.ts';
import { HmacSigner } from './hmac-signer.ts';

const download = {
  key: '0198f5a2-7c00-7000-8000-000000000001/1/high.webp',
  seconds: 600,
  signed_at: new Date('2026-11-29T12:00:00Z'),
  content_type: 'image/webp',
  content_disposition: "inline; filename*=UTF-8''a%20b.webp",
};
const EXPIRES = Date.parse('2026-11-29T12:10:00Z') / 1_000;

test('CloudFront: the canned policy of the URL verifies with the public key, and no other URL does', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = new CloudFrontSigner({
    url: 'https://cdn.example.org',
    keyId: 'K2JCJMDEHXQW5F',
    privateKey: pem,
  });
  const signed = await signer.sign(download);
  expect(await signer.sign(download)).toEqual(signed);
  expect(signed.expires_at).toBe(EXPIRES * 1_000);

  const url = new URL(signed.url);
  expect(url.pathname).toBe(`/${download.key}`);
  expect(url.searchParams.get('Expires')).toBe(String(EXPIRES));
  expect(url.searchParams.get('Key-Pair-Id')).toBe('K2JCJMDEHXQW5F');
  // As the CDN does: the resource is the URL without the three parameters.
  const resource = signed.url.slice(0, signed.url.indexOf('&Expires='));
  const signature = (url.searchParams.get('Signature') ?? '')
    .replaceAll('-', '+')
    .replaceAll('_', '=')
    .replaceAll('~', '/');
  const verifies = (of: string): boolean =>
    createVerify('RSA-SHA1')
      .update(
        `{"Statement":[{"Resource":"${of}","Condition":{"DateLessThan":{"AWS:EpochTime":${EXPIRES}}}}]}`,
      )
      .verify(publicKey, signature, 'base64');
  expect(verifies(resource)).toBe(true);
  expect(verifies(resource.replace('high', 'source'))).toBe(false);
});

test('HMAC: an edge recomputes the signature from the URL in front of it', async () => {
  const secret = 's'.repeat(32);
  const signer = new HmacSigner({ url: 'https://edge.example.org/media', secret });
  const { url } = await signer.sign(download);
  const [signed = '', signature] = new URL(url).href
    .replace('https://edge.example.org', '')
    .split('&signature=');
  expect(createHmac('sha256', secret).update(signed).digest('base64url')).toBe(signature);
  expect(signed).toContain(`expires=${EXPIRES}`);
  const forged = signed.replace('high', 'source');
  expect(createHmac('sha256', secret).update(forged).digest('base64url')).not.toBe(signature);
});
