/** The program behind `npm start`. Only this file of the package reads the process's environment. */
import { resolve } from 'node:path';
import { runClaimcheck } from './run-claimcheck.ts';
import { readStartConfig, StartConfigError } from './start-config.ts';

const OLDEST_NODE = 24;
/** sysexits.h EX_CONFIG. */
const EXIT_CONFIG = 78;

const main = async (): Promise<number> => {
  const root = resolve(import.meta.dirname, '../../..');
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    console.error(
      `Claimcheck needs Node ${OLDEST_NODE} or later; this is ${process.version}. \`npm start\` brings it.`,
    );
    return 1;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  // A closed terminal must not turn an orderly stop into a crash.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  try {
    const config = readStartConfig(process.env, root);
    const print = (line: string) => console.log(line);
    await runClaimcheck({ config, env: process.env, root, print, signal: stop.signal });
    return 0;
  } catch (error) {
    if (stop.signal.aborted && isAbort(error)) return 0;
    console.error(describe(error));
    return error instanceof StartConfigError ? EXIT_CONFIG : 1;
  }
};

/** Returns the messages of an error and its causes; a stack would only obscure them. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n${describe(error.cause)}`;
};

const isAbort = (error: unknown): boolean => {
  return error instanceof Error && error.name === 'AbortError';
};

process.exitCode = await main();
