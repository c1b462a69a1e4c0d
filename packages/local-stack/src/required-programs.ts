import { configured, type Environment } from './environment.ts';
import { findOnPath, isProgramAvailable, type ProgramSpec } from './find-program.ts';
import { natsServerProgram, versitygwProgram } from './programs.ts';

/** Servers that `npm start` runs unless a variable names another one. */
const SERVERS: readonly { spec: ProgramSpec; unless: string }[] = [
  { spec: natsServerProgram, unless: 'NATS_URL' },
  { spec: versitygwProgram, unless: 'S3_ENDPOINT' },
];

/**
 * Checks for all server programs at once, before anything starts.
 * @throws Error that names all missing programs, how to get each, and how to start without any
 */
export const requireServerPrograms = async (env: Environment): Promise<void> => {
  const missing: ProgramSpec[] = [];
  for (const { spec, unless } of SERVERS) {
    if (configured(env, unless) === undefined && !(await isProgramAvailable(spec, env))) missing.push(spec);
  }
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new Error(
    [
      `Missing: ${names}, and there is no Go to compile ${missing.length === 1 ? 'it' : 'them'} with.`,
      ...missing.map(({ name, howToGet }) => `  ${name}: ${howToGet}`),
      ...(await withDocker(env)),
    ].join('\n'),
  );
};

const withDocker = async (env: Environment): Promise<string[]> =>
  (await findOnPath('docker', env)) === undefined
    ? []
    : ['Docker is installed: `docker compose -f infra/compose.demo.yaml up` starts the demo without Go.'];
