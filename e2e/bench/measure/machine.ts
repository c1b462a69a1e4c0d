import { availableParallelism, cpus, release, totalmem } from 'node:os';

const GIB = 1_024 ** 3;

export interface Machine {
  cores: number;
  cpu: string;
  memory_gib: number;
  kernel: string;
  node: string;
}

/** The facts on which a figure depends; none that identifies the machine. */
export const describeMachine = (): Machine => ({
  cores: availableParallelism(),
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  memory_gib: Math.round(totalmem() / GIB),
  kernel: release(),
  node: process.version,
});
