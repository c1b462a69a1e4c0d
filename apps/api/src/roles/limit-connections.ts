import type { Server } from 'node:http';

/** Closes connections beyond `total`, or `perAddress` of one address, at once, before reading a byte. */
export const limitConnections = (
  server: Server,
  { total, perAddress }: { total: number; perAddress: number },
): void => {
  server.maxConnections = total;
  const counts = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (counts.get(address) ?? 0) + 1;
    if (count > perAddress) {
      socket.destroy();
      return;
    }
    counts.set(address, count);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
  });
};
