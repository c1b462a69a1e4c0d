export interface BrokerAddress {
  /** Addresses without the user. */
  servers: string[];
  /** `tls://`: encrypted, or no connection. */
  isTls: boolean;
  user?: string;
  pass?: string;
}

const SCHEMES = ['nats:', 'tls:'];

const withScheme = (text: string): string => (text.includes('://') ? text : `nats://${text}`);

/**
 * Reads `nats://user:password@host:4222,nats://other:4222`, as other clients of the broker do; our client takes the user
 * separately from the servers. Percent-encoded, as in any URL; the first user applies to all servers.
 *
 * @throws Error when a server is not a URL, has another scheme, or only some are `tls://`
 */
export const readBrokerAddress = (text: string): BrokerAddress => {
  const urls = text.split(',').map((server) => new URL(withScheme(server.trim())));
  if (urls.some(({ protocol }) => !SCHEMES.includes(protocol)))
    throw new Error('must begin with nats:// or tls://');
  const isTls = urls.some(({ protocol }) => protocol === 'tls:');
  if (isTls && urls.some(({ protocol }) => protocol !== 'tls:'))
    throw new Error('must be tls:// for every server, or for none');
  const servers = urls.map(({ protocol, host }) => `${protocol}//${host}`);
  const named = urls.find(({ username }) => username !== '');
  if (named === undefined) return { servers, isTls };
  return {
    servers,
    isTls,
    user: decodeURIComponent(named.username),
    pass: decodeURIComponent(named.password),
  };
};
