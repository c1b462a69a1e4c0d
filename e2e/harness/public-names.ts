import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';

export interface PublicNames {
  /** Makes a process reach every name there, and this machine's own addresses as before. */
  env: Record<string, string>;
  close(): Promise<void>;
}

/** Starts a proxy, like those of companies, that leads names of the public internet to `target` without DNS. */
export const startPublicNames = async (target: string): Promise<PublicNames> => {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = http.createServer();
  server.on('connect', (_request, client: Socket, head: Buffer) => {
    const upstream = net.connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      client.pipe(upstream).pipe(client);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    env: {
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      NO_PROXY: '127.0.0.1,localhost',
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
