import type { BenchServer, Ground, ServerName } from '../servers/bench-server.ts';
import { startServer } from '../servers/start-server.ts';
import type { Load } from './loads.ts';
import { type Bench, type Measurement, measureLoad, warmUp } from './measure-load.ts';

/** One round: each server under the same load, one shortly after the other. */
export type Round = Map<ServerName, Measurement>;

export type Progress = (line: string) => void;

const naming = async <T>(server: BenchServer, load: Load, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${server.name}, ${load.name}: ${reason}\n${server.logTail()}`, { cause: error });
  }
};

const rotate = <T>(values: readonly T[], by: number): T[] => [...values.slice(by), ...values.slice(0, by)];

/**
 * Measures servers in turn, in several rounds, each starting with another server. A machine's speed drifts, so only
 * measurements next to each other are comparable. Servers are fresh for each load.
 */
export const compareServers = async (options: {
  load: Load;
  servers: readonly ServerName[];
  rounds: number;
  ground: Ground;
  bench: Bench;
  onProgress: Progress;
}): Promise<Round[]> => {
  const { load, ground, bench, onProgress } = options;
  const servers: BenchServer[] = [];
  try {
    for (const name of options.servers) {
      const server = await startServer(name, ground);
      servers.push(server);
      await naming(server, load, () => warmUp(server, load, bench));
    }
    const rounds: Round[] = [];
    for (let number = 0; number < options.rounds; number++) {
      const round: Round = new Map();
      for (const server of rotate(servers, number % servers.length)) {
        const measured = await naming(server, load, () => measureLoad(server, load, bench));
        round.set(server.name, measured);
        onProgress(
          `${load.name} round ${number + 1} ${server.name}: ${measured.speed.toFixed(1)} ${load.unit}`,
        );
      }
      rounds.push(round);
    }
    return rounds;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
};
