import type { ServerName } from '../servers/bench-server.ts';

const MIB = 1_024 ** 2;

export interface Load {
  name: string;
  clients: number;
  size_bytes: number;
  /** Clients start uploads until then. */
  min_seconds: number;
  limit_seconds: number;
  with_creation: boolean;
  unit: 'MiB/s' | 'uploads/s';
  /** The destination of the bytes. The sink keeps none: for more bytes than a disk has. */
  target: 'minio' | 'sink';
  /** Fixed for long runs; otherwise as requested. */
  rounds?: number;
  /** Only these servers are measured. */
  servers?: readonly ServerName[];
}

const large = (clients: number, mib: number): Load => ({
  name: `${clients}x${mib}MiB`,
  clients,
  size_bytes: mib * MIB,
  min_seconds: 3,
  limit_seconds: 180,
  with_creation: false,
  unit: 'MiB/s',
  target: 'minio',
});

const SMALL: Load = { ...large(16, 1), min_seconds: 5, unit: 'uploads/s' };

const LOADS: readonly Load[] = [
  large(1, 256),
  large(8, 64),
  SMALL,
  { ...SMALL, name: `${SMALL.name}+cwu`, with_creation: true },
];

const longLoads = (sinkMib: number): readonly Load[] => [
  { ...large(64, 64), limit_seconds: 300, rounds: 1 },
  {
    ...large(64, sinkMib),
    name: `64x${sinkMib === 1_024 ? '1GiB' : `${sinkMib}MiB`}-sink`,
    limit_seconds: 1_800,
    min_seconds: 0,
    target: 'sink',
    rounds: 1,
    servers: ['ours'],
  },
];

/** @param options `quick` measures for a moment only; `sink_mib` is the size of each upload into the sink */
export const chooseLoads = (options: {
  quick: boolean;
  long: boolean;
  sink_mib: number;
  only: readonly string[];
}): Load[] => {
  const all = [...LOADS, ...(options.long ? longLoads(options.sink_mib) : [])];
  const unknown = options.only.find((name) => !all.some((load) => load.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no load ${unknown}; there are ${all.map(({ name }) => name).join(', ')}`);
  const chosen = options.only.length === 0 ? all : all.filter(({ name }) => options.only.includes(name));
  return options.quick ? chosen.map((load) => ({ ...load, min_seconds: 0.5 })) : chosen;
};
