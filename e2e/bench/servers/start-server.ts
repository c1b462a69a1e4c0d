import type { BenchServer, Ground, ServerName } from './bench-server.ts';
import { startBare, startStock, startTusd } from './start-comparison.ts';
import { startOurs } from './start-ours.ts';

const STARTS: Record<ServerName, (ground: Ground) => Promise<BenchServer>> = {
  ours: startOurs,
  stock: startStock,
  bare: startBare,
  tusd: startTusd,
};

/** Starts a server under test; it answers when this resolves. */
export const startServer = (name: ServerName, ground: Ground): Promise<BenchServer> => STARTS[name](ground);
