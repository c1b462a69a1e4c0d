import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHART } from './helm.ts';

const own = (name: string) => fileURLToPath(new URL(`./values/${name}.yaml`, import.meta.url));
const example = (name: string) => join(CHART, 'examples', `${name}.yaml`);

/** Values files to try the chart with: the examples, and the corner cases. */
export const VALUES = {
  small: example('small'),
  large: example('large'),
  externalSecrets: example('external-secrets'),
  tryOut: example('try-out'),
  minimal: own('minimal'),
  names: own('names'),
  apiOnly: own('api-only'),
  keda: own('keda'),
  adapted: own('adapted'),
  keyless: own('keyless'),
  webhooks: own('webhooks'),
} as const;

export type ValuesName = keyof typeof VALUES;

/** Additions to examples/small.yaml for proxies in front. */
export const IN_FRONT = ['ingress-nginx', 'traefik', 'caddy', 'envoy-gateway'].map(
  (name) => [name, example(name)] as const,
);

/** The content of the user's Secrets. */
export const SECRETS = {
  DATABASE_URL: 'postgres://claimcheck:p@db/claimcheck',
  GATEWAY_DATABASE_URL: 'postgres://reader:p@db/claimcheck',
  NATS_URL_API: 'nats://api:p@nats:4222',
  NATS_URL_WORKER: 'nats://worker:p@nats:4222',
  NATS_URL_GATEWAY: 'nats://gateway:p@nats:4222',
  S3_ACCESS_KEY_ID: 'key',
  S3_SECRET_ACCESS_KEY: 'secret',
  AUTH_JWT_SECRET: 'a-secret-that-is-at-least-32-characters',
  TOKEN_SECRETS: 'first:a-secret-that-is-at-least-32-characters',
};

/** The content of Secrets that only some installations have. */
export const FURTHER_SECRETS = {
  username: 'media',
  password: 'a p@ss/word',
  WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 'a').toString('base64')}`,
  CDN_SIGNING_KEY: 'a-secret-that-is-at-least-32-characters',
};
