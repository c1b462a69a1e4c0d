import { generateKeyPairSync } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { callApi } from './harness/call-api.ts';
import { readyMedia } from './harness/ready-media.ts';
import { startTestApi } from './harness/test-api.ts';

const PAGE = 'https://chat.example.org';
const SOCKET = 'wss://live.example.net:8443';
const BASE = { PUBLIC_URL: `${PAGE}/`, GATEWAY_PUBLIC_URL: 'https://live.example.net:8443/' };
const STORE = { S3_PUBLIC_ENDPOINT: 'https://s3.example.org', S3_FORCE_PATH_STYLE: 'true' };
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const CDN = { CDN_URL: 'https://cdn.example.com/media', CDN_SIGNING_KEY: 'x'.repeat(32) };
const { S3_BUCKET: bucket = '' } = inject('stack');

/** A name, variables, and the origins of media that they make necessary. */
const MODES: [name: string, env: Record<string, string>, media: string[]][] = [
  ['redirect to the store', STORE, ['https://s3.example.org']],
  [
    'redirect to the store, with the bucket in the name of the host',
    { ...STORE, S3_FORCE_PATH_STYLE: 'false' },
    [`https://${bucket}.s3.example.org`],
  ],
  [
    'redirect to the store, with an older bucket',
    { ...STORE, S3_FORCE_PATH_STYLE: 'false', S3_BUCKETS_READABLE: 'older-media' },
    [`https://${bucket}.s3.example.org`, 'https://older-media.s3.example.org'],
  ],
  ['redirect to an edge', { ...STORE, ...CDN }, ['https://cdn.example.com']],
  [
    'redirect to an edge, with an older bucket in the store',
    { ...STORE, ...CDN, S3_BUCKETS_READABLE: 'older-media' },
    ['https://cdn.example.com', 'https://s3.example.org'],
  ],
  [
    'redirect to CloudFront',
    {
      ...STORE,
      ...CDN,
      CDN_SIGNING: 'cloudfront',
      CDN_KEY_ID: 'K1',
      CDN_SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
    ['https://cdn.example.com'],
  ],
  ['proxy', { ...STORE, DOWNLOAD_MODE: 'proxy' }, []],
  ['accel', { ...STORE, DOWNLOAD_MODE: 'accel' }, []],
];

const directivesOf = (header: string | null): Record<string, string[]> =>
  Object.fromEntries(
    (header ?? '').split(';').map((text) => {
      const [name = '', ...sources] = text.trim().split(/\s+/);
      return [name, sources];
    }),
  );

test.each(MODES)('%s: the policy names the origins that pages need, and no other', async (_, env, media) => {
  const api = await startTestApi(inject('stack'), { ...BASE, ...env });
  try {
    const { headers } = await fetch(`${api.url}/config.json`);
    const policy = directivesOf(headers.get('content-security-policy'));
    expect(policy).toMatchObject({
      'default-src': ["'self'"],
      'connect-src': ["'self'", PAGE, ...media, SOCKET],
      'img-src': ["'self'", PAGE, ...media, 'data:', 'blob:'],
      'media-src': ["'self'", PAGE, ...media, 'blob:'],
    });
    const id = await readyMedia(api);
    const picture = await callApi(api, 'GET', `/v1/media/${id}/medium`, { token: api.tokenFor('ann') });
    await picture.arrayBuffer();
    const location = picture.headers.get('location');
    expect(location === null ? [] : [new URL(location).origin]).toEqual(media.slice(0, 1));
  } finally {
    await api.close();
  }
});
