import { expect, it } from 'vitest';
import { appEnvironments } from './app-environments.ts';
import { readStartConfig } from './start-config.ts';

const secrets = { authJwtSecret: 'a'.repeat(64), ticketSecret: 'b'.repeat(64) };
const stack = { DATABASE_URL: 'owner', GATEWAY_DATABASE_URL: 'reader', NATS_URL: 'nats' };
const environmentsOf = (env: Record<string, string>) =>
  appEnvironments(env, readStartConfig(env, '/checkout'), stack, secrets);

it('has the documented defaults', () => {
  expect(readStartConfig({}, '/checkout')).toEqual({
    dataDir: '/checkout/.claimcheck',
    ports: {
      PORT: 8080,
      GATEWAY_PORT: 8081,
      'api ADMIN_PORT': 9080,
      'gateway ADMIN_PORT': 9081,
      'worker ADMIN_PORT': 9082,
    },
    publicUrl: 'http://127.0.0.1:8080',
    gatewayPublicUrl: 'http://127.0.0.1:8081',
  });
});

it('reports every problem at once', () => {
  expect(() => readStartConfig({ PORT: 'x', GATEWAY_PORT: '70000' }, '/')).toThrow(
    /PORT must.*\n.*GATEWAY_PORT must/,
  );
  expect(() => readStartConfig({ PORT: '8081' }, '/')).toThrow('PORT and GATEWAY_PORT are both 8081');
});

it('keeps the database and the signing keys from the worker', () => {
  const { worker, api } = environmentsOf({ DATABASE_URL: 'configured' });
  expect(Object.keys(worker).filter((name) => /DATABASE|SECRET/.test(name))).toEqual([]);
  expect(api).toMatchObject({
    AUTH_JWT_SECRET: secrets.authJwtSecret,
    TOKEN_SECRETS: `local:${secrets.ticketSecret}`,
  });
});

it('gives the gateway the role that only reads', () => {
  const { gateway, api } = environmentsOf({});
  expect([gateway.DATABASE_URL, api.DATABASE_URL]).toEqual(['reader', 'owner']);
  expect([api.ADMIN_PORT, gateway.ADMIN_PORT]).toEqual(['9080', '9081']);
});

it("lets the user's own environment win, an empty variable aside", () => {
  const { api } = environmentsOf({
    AUTH_JWT_SECRET: 'mine',
    DEV_LOGIN: 'false',
    TOKEN_SECRETS: '',
    PORT: '9000',
  });
  expect(api).toMatchObject({
    AUTH_JWT_SECRET: 'mine',
    DEV_LOGIN: 'false',
    TOKEN_SECRETS: `local:${secrets.ticketSecret}`,
    PUBLIC_URL: 'http://127.0.0.1:9000',
  });
});

it('makes up no shared secret where a JWKS is configured', () => {
  const { api } = environmentsOf({ AUTH_JWKS_URL: 'https://id.example/jwks' });
  expect(api.AUTH_JWT_SECRET).toBeUndefined();
  expect(api.DEV_LOGIN).toBeUndefined();
});
