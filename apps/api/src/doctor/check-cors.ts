import { encryptionHeaders } from '@claimcheck/platform/s3/object-encryption';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Config } from '../config.ts';
import { type Check, passed, skipped, warned } from './check.ts';
import { requestStore } from './request-store.ts';

const NAME = 'CORS of the bucket';

/** Requests that pages send to the store: direct uploads, and HLS or downloads read by scripts. */
const askedFor = ({ encryption }: Storage) => [
  {
    method: 'PUT',
    headers: ['content-type', 'content-md5', 'if-none-match', ...Object.keys(encryptionHeaders(encryption))],
    what: 'uploads past us',
  },
  { method: 'GET', headers: ['range'], what: 'HLS and downloads by redirects' },
];

type Asked = ReturnType<typeof askedFor>[number];

const listOf = (header: string): string[] => header.split(',').map((word) => word.trim().toLowerCase());

const allows = (given: string, wanted: readonly string[]): boolean => {
  const list = listOf(given);
  return list.includes('*') || wanted.every((word) => list.includes(word.toLowerCase()));
};

const isAllowed = async (
  { url, tls }: { url: string; tls: Storage['tls'] },
  origin: string,
  { method, headers }: Asked,
): Promise<boolean> => {
  const { status, header } = await requestStore(url, tls, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': headers.join(','),
    },
  });
  return (
    status >= 200 &&
    status < 300 &&
    allows(header('access-control-allow-origin'), [origin]) &&
    allows(header('access-control-allow-methods'), [method]) &&
    allows(header('access-control-allow-headers'), headers)
  );
};

/** Sends the store the preflight requests that a browser would send for each of our pages. */
export const checkCors = async (config: Config, storage: Storage, key: string): Promise<Check[]> => {
  const url = await storage.signedUrl(key, {
    seconds: 60,
    content_type: 'text/plain',
    content_disposition: 'inline',
  });
  const origins = [...new Set([new URL(config.publicUrl).origin, ...config.corsOrigins])].filter(
    (origin) => origin !== new URL(url).origin,
  );
  if (origins.length === 0)
    return [skipped(NAME, 'pages and store have the same origin: nothing asks for it')];
  const refused: string[] = [];
  const requests = askedFor(storage);
  for (const asked of requests)
    for (const origin of origins)
      if (!(await isAllowed({ url, tls: storage.tls }, origin, asked)))
        refused.push(`${asked.method} from ${origin} (${asked.what})`);
  if (refused.length === 0) return [passed(NAME, `lets ${origins.join(', ')} in`)];
  return [
    warned(
      NAME,
      `refuses pages ${refused.join(', ')}`,
      `add a rule to the bucket: origins ${origins.join(' ')}, methods GET HEAD PUT, headers ${requests.flatMap(({ headers }) => headers).join(' ')}`,
    ),
  ];
};
