// Node ends a request that takes longer than 300 s. Imported before a server's own code, this shortens that
// default, so that a test sees within seconds which server relies on it. A server with its own limit keeps it.
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';

const { createServer } = http;
const SHORT = { requestTimeout: 2_000, connectionsCheckingInterval: 200 };

http.createServer = ((...args: [http.RequestListener?] | [http.ServerOptions, http.RequestListener?]) => {
  const [first, second] = args;
  return typeof first === 'object'
    ? createServer({ ...SHORT, ...first }, second)
    : createServer(SHORT, first);
}) as typeof createServer;
syncBuiltinESMExports();
