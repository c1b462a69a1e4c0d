export interface BrokerAddress {
  /** Without what is said of the user. */
  servers: string[];
  user?: string;
  pass?: string;
}

const withScheme = (text: string): string => (text.includes('://') ? text : `nats://${text}`);

/**
 * Reads `nats://user:password@host:4222,nats://other:4222`, as other clients of the broker do; the one in use
 * takes the user apart from the servers. Percent-encoded, as in any URL; the first user found is everybody's.
 *
 * @throws when a server is not a URL
 */
export const readBrokerAddress = (text: string): BrokerAddress => {
  const urls = text.split(',').map((server) => new URL(withScheme(server.trim())));
  const servers = urls.map(({ protocol, host }) => `${protocol}//${host}`);
  const named = urls.find(({ username }) => username !== '');
  if (named === undefined) return { servers };
  return {
    servers,
    user: decodeURIComponent(named.username),
    pass: decodeURIComponent(named.password),
  };
};
