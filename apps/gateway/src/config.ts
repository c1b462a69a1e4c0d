import {
  exactlyOneTokenSource,
  tokenVariables,
  toTokenSettings,
} from '@claimcheck/platform/auth/token-variables';
import { brokerVariables } from '@claimcheck/platform/nats/broker-variables';
import { camelCased } from '@claimcheck/platform/process/camel-case';
import { MAX_PROXY_HOPS } from '@claimcheck/platform/process/client-network';
import {
  commonVariables,
  duration,
  type Environment,
  httpUrl,
  list,
  port,
  readConfig,
  wholeNumber,
} from '@claimcheck/platform/process/config';
import { toTraceSettings, traceVariables } from '@claimcheck/platform/tracing/trace-variables';
import { z } from 'zod';

// A browser sends scheme, host and port; a path in the list would never match anything.
const origin = httpUrl.refine(
  (url) => new URL(url).origin === url,
  'must be origins such as https://chat.example',
);

const schema = z
  .object({
    ...commonVariables,
    ...brokerVariables,
    ...tokenVariables,
    ...traceVariables,
    DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
    GATEWAY_PORT: port.default(8081),
    ADMIN_PORT: port.default(9081),
    /** Where the pages that open sockets come from. */
    PUBLIC_URL: httpUrl,
    GATEWAY_PUBLIC_URL: httpUrl.optional(),
    CORS_ORIGINS: list.pipe(z.array(z.union([z.literal('*'), origin]))).default([]),
    MAX_CONNECTIONS_PER_USER: wholeNumber(1, 100_000).default(50),
    /** Of IPv6 a /64. Behind a proxy that TRUSTED_PROXY_HOPS does not count all clients have its address. */
    MAX_CONNECTIONS_PER_ADDRESS: wholeNumber(1, 1_000_000).default(20_000),
    /** Proxies in front that add to X-Forwarded-For whom they were asked by. */
    TRUSTED_PROXY_HOPS: wholeNumber(0, MAX_PROXY_HOPS).default(0),
    /** Within it, after a signal to end, all clients are asked to move. Milliseconds. */
    DRAIN_TIME: duration.default(10_000),
    MAX_SUBSCRIPTIONS_PER_SOCKET: wholeNumber(1, 100_000).default(1_000),
  })
  .refine(...exactlyOneTokenSource);

export type GatewayConfig = ReturnType<typeof readGatewayConfig>;

/** The gateway's whole configuration. @throws ConfigError with all problems at once */
export const readGatewayConfig = (env: Environment) => {
  const read = readConfig(schema, env);
  return { ...camelCased(read), token: toTokenSettings(read), traces: toTraceSettings(read) };
};
