import {
  exactlyOneTokenSource,
  tokenVariables,
  toTokenSettings,
} from '@claimcheck/platform/auth/token-variables';
import { brokerVariables, toBrokerFiles } from '@claimcheck/platform/nats/broker-variables';
import { camelCased } from '@claimcheck/platform/process/camel-case';
import { MAX_PROXY_HOPS } from '@claimcheck/platform/process/client-network';
import {
  commonVariables,
  duration,
  httpUrl,
  port,
  readConfig,
  wholeNumber,
} from '@claimcheck/platform/process/config';
import { databaseVariables } from '@claimcheck/platform/process/database-variables';
import type { Environment } from '@claimcheck/platform/process/environment';
import { originVariables } from '@claimcheck/platform/process/origins';
import { toTraceSettings, traceVariables } from '@claimcheck/platform/tracing/trace-variables';
import { z } from 'zod';

/** Variables with their descriptions: `npm run docs` writes docs/configuration.md from them. */
export const gatewaySchema = z
  .object({
    ...commonVariables,
    ...brokerVariables,
    ...tokenVariables,
    ...traceVariables,
    ...databaseVariables,
    DATABASE_URL: databaseVariables.DATABASE_URL.regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
    DATABASE_POOL_SIZE: wholeNumber(2, 200).default(10).describe('Connections to Postgres of one process.'),
    GATEWAY_PORT: port.default(8081).describe('Public port of the gateway.'),
    ADMIN_PORT: port
      .default(9081)
      .describe('Port of `/healthz`, `/readyz` and `/metrics`. `npm start` counts up from one value.'),
    PUBLIC_URL: httpUrl.describe('Address of the api, as clients see it.'),
    GATEWAY_PUBLIC_URL: httpUrl.optional().describe('Address of the gateway, as clients see it.'),
    ...originVariables,
    MAX_CONNECTIONS_PER_USER: wholeNumber(1, 100_000)
      .default(50)
      .describe('Sockets of one user at one process.'),
    MAX_CONNECTIONS_PER_ADDRESS: wholeNumber(1, 1_000_000)
      .default(20_000)
      .describe(
        'Sockets of one address at one process; an IPv6 /64 counts as one. Behind a proxy that `TRUSTED_PROXY_HOPS` does not count, all clients have its address.',
      ),
    TRUSTED_PROXY_HOPS: wholeNumber(0, MAX_PROXY_HOPS)
      .default(0)
      .describe(
        'Proxies in front that add to `X-Forwarded-For`: the client is that entry from the right ([how to count](operations.md#clients-addresses)).',
      ),
    DRAIN_TIME: duration
      .default(10_000)
      .describe(
        'After SIGTERM, clients are asked to move within this time. Give the orchestrator 15 s more.',
      ),
    MAX_SUBSCRIPTIONS_PER_SOCKET: wholeNumber(1, 100_000)
      .default(1_000)
      .describe('Conversations that one socket follows.'),
  })
  .refine(...exactlyOneTokenSource);

export type GatewayConfig = ReturnType<typeof readGatewayConfig>;

/** The gateway's whole configuration. @throws ConfigError with all problems at once */
export const readGatewayConfig = (env: Environment) => {
  const read = readConfig(gatewaySchema, env);
  return {
    ...camelCased(read),
    token: toTokenSettings(read),
    brokerFiles: toBrokerFiles(read),
    traces: toTraceSettings(read),
  };
};
