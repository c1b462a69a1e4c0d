import { parseArgs } from 'node:util';
import { SERVER_NAMES, type ServerName } from './servers/bench-server.ts';

export interface BenchOptions {
  /** The bench to run. */
  name: string;
  /** A short run that only shows that it works: its figures mean little. */
  quick: boolean;
  /** Includes measurements that take minutes. */
  long: boolean;
  rounds: number;
  /** Size of each upload into the sink, in MiB. */
  sink_mib: number;
  /** Names of loads; an empty list means all. */
  loads: readonly string[];
  /** Names of servers; an empty list means all available ones. */
  servers: readonly ServerName[];
  /** Slow clients. */
  clients: number;
  /** Where results are written; without it a partial or quick run writes none. */
  out: string | undefined;
  /** A tusd program to compare with. */
  tusd_program: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A mistake in the command line; the message is for its user. */
export class UsageError extends Error {}

const wholeNumber = (option: string, value: string | undefined, fallback: number): number => {
  if (value === undefined) return fallback;
  if (!/^[1-9]\d{0,6}$/.test(value))
    throw new UsageError(`--${option} wants a whole number from 1, not ${value}`);
  return Number(value);
};

const list = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

const isServerName = (name: string): name is ServerName => SERVER_NAMES.some((known) => known === name);

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        long: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        'sink-mib': { type: 'string' },
        loads: { type: 'string' },
        servers: { type: 'string' },
        clients: { type: 'string' },
        out: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

/** Reads the complete configuration of a bench. @throws UsageError */
export const readOptions = (args: readonly string[], env: Environment): BenchOptions => {
  const { values, positionals } = parse(args);
  const [name = '', surplus] = positionals;
  if (surplus !== undefined) throw new UsageError(`one bench at a time: ${name} or ${surplus}?`);
  const servers = list(values.servers);
  const unknown = servers.find((server) => !isServerName(server));
  if (unknown !== undefined)
    throw new UsageError(`there is no server ${unknown}; there are ${SERVER_NAMES.join(', ')}`);
  return {
    name,
    quick: values.quick,
    long: values.long,
    rounds: wholeNumber('rounds', values.rounds, values.quick ? 1 : 3),
    sink_mib: wholeNumber('sink-mib', values['sink-mib'], 1_024),
    loads: list(values.loads),
    servers: servers.filter(isServerName),
    clients: wholeNumber('clients', values.clients, values.quick ? 200 : 2_000),
    out: values.out,
    tusd_program: env.TUSD_BIN === '' ? undefined : env.TUSD_BIN,
  };
};
