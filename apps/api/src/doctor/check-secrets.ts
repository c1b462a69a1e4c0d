import type { Config } from '../config.ts';
import { type Check, failed, passed, warned } from './check.ts';
import { isLocal } from './is-local.ts';

/** A random secret of 32 characters in hex or base64 has more distinct characters; words and repetitions have fewer. */
const DISTINCT_CHARACTERS = 10;
const FROM_EXAMPLES = /change.?me|example|secret|password|postgres|minioadmin|12345|claimcheck/i;

const isWeak = (secret: string): boolean =>
  FROM_EXAMPLES.test(secret) || new Set(secret).size < DISTINCT_CHARACTERS;

const passwordOf = (url: string): string | undefined =>
  URL.canParse(url) ? decodeURIComponent(new URL(url).password) : undefined;

/** Returns the names of variables whose value can be guessed; never a value. */
const weakSecrets = ({ token, tokenSecrets = [], storage, databaseUrl }: Config): string[] => {
  const password = passwordOf(databaseUrl);
  const secrets: [name: string, secret: string | undefined][] = [
    ...(token.secrets?.() ?? []).map((secret): [string, string] => ['AUTH_JWT_SECRET', secret]),
    ...tokenSecrets.map(({ kid, secret }): [string, string] => [`TOKEN_SECRETS (${kid})`, secret]),
    ['S3_SECRET_ACCESS_KEY', storage.keys?.().secretAccessKey],
    ['DATABASE_URL (its password)', password === '' ? undefined : password],
  ];
  return secrets.flatMap(([name, secret]) => (secret !== undefined && isWeak(secret) ? [name] : []));
};

const checkStrength = (config: Config): Check => {
  const name = 'secrets';
  const weak = weakSecrets(config);
  const guessed = `${weak.join(', ')}: a word, an example's value or few different characters`;
  const fix = 'make new ones: openssl rand -hex 32';
  if (weak.length === 0) return passed(name, 'none of them can be guessed from examples');
  return isLocal(config.publicUrl) ? warned(name, guessed, fix) : failed(name, guessed, fix);
};

const checkTickets = ({ token, tokenSecrets }: Config): Check => {
  const name = 'upload tickets';
  if (tokenSecrets === undefined)
    return warned(
      name,
      'TOKEN_SECRETS is not set: POST /v1/media answers 503, so nothing uploads in the background or past us',
      'set TOKEN_SECRETS to kid:secret, such as one:$(openssl rand -hex 32)',
    );
  if (tokenSecrets.some(({ secret }) => token.secrets?.().includes(secret)))
    return warned(
      name,
      'TOKEN_SECRETS and AUTH_JWT_SECRET are the same: a signer of user tokens can sign tickets too',
      'give TOKEN_SECRETS a secret of its own',
    );
  return passed(name, `signed with ${tokenSecrets[0]?.kid}`);
};

const checkExposure = ({ publicUrl, gatewayPublicUrl, devLogin, storage }: Config): Check => {
  const name = 'exposure';
  if (isLocal(publicUrl)) return passed(name, `${publicUrl} is for this machine or network alone`);
  if (devLogin)
    return failed(
      name,
      `DEV_LOGIN is on at ${publicUrl}: anybody may be anybody`,
      'unset DEV_LOGIN: it is for demos',
    );
  const plain = [publicUrl, gatewayPublicUrl, storage.publicEndpoint ?? storage.endpoint].filter((url) =>
    url.startsWith('http:'),
  );
  return plain.length === 0
    ? passed(name, 'clients get https addresses only')
    : warned(
        name,
        `clients send tokens and media unencrypted to ${plain.join(', ')}`,
        'serve it by https, and say so in PUBLIC_URL, GATEWAY_PUBLIC_URL, S3_PUBLIC_ENDPOINT',
      );
};

/** Runs the checks that need nothing but the configuration. */
export const checkSecrets = (config: Config): Check[] => [
  checkStrength(config),
  checkTickets(config),
  checkExposure(config),
];
