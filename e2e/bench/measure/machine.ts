import { availableParallelism, cpus, release, totalmem } from 'node:os';

const GIB = 1_024 ** 3;

export interface Machine {
  cores: number;
  cpu: string;
  memory_gib: number;
  kernel: string;
  node: string;
}

/** What a figure depends on; nothing that names the machine. */
export const describeMachine = (): Machine => ({
  cores: availableParallelism(),
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  memory_gib: Math.round(totalmem() / GIB),
  kernel: release(),
  node: process.version,
});
