import http from 'node:http';
import net, { type AddressInfo } from 'node:net';

const BODY =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';

export interface BrokenS3 {
  url: string;
  close(): void;
}

const listen = async (server: net.Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** An overloaded S3 server: reads every request and answers 503 SlowDown. */
export const startOverloadedS3 = async (): Promise<BrokenS3> => {
  const server = http.createServer((request, response) => {
    request.resume();
    response.writeHead(503, { 'content-type': 'application/xml', 'content-length': BODY.length });
    response.end(BODY);
  });
  return {
    url: await listen(server),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};

/** A hanging S3 server: accepts everything, keeps the connection, and never answers. */
export const startMuteS3 = async (): Promise<BrokenS3> => {
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket
      .resume()
      .on('error', () => undefined)
      .once('close', () => open.delete(socket));
  });
  return {
    url: await listen(server),
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
};
