import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessSpec } from './process-spec.ts';
import { describeExit, type SupervisedProcess } from './supervised-process.ts';

const ASK_EVERY_MS = 100;

/**
 * Calls `ready` until it returns true.
 * @throws Error with the end of the program's output when it ends, or when the time is up
 */
export const waitUntilReady = async (spec: ProcessSpec, run: SupervisedProcess): Promise<void> => {
  const { name, timeoutMs } = spec;
  const stopAsking = new AbortController();
  const signals = spec.signal ? [stopAsking.signal, spec.signal] : [stopAsking.signal];
  const options = { signal: AbortSignal.any(signals) };
  try {
    await Promise.race([
      askUntilReady(spec, stopAsking.signal),
      run.exited.then((exit) => {
        throw new Error(`${name} ended while starting (${describeExit(exit)}):\n${run.logTail()}`);
      }),
      delay(timeoutMs, undefined, options).then(() => {
        throw new Error(`${name} was not ready after ${timeoutMs / 1000} s:\n${run.logTail()}`);
      }),
    ]);
  } finally {
    stopAsking.abort();
  }
};

const askUntilReady = async (spec: ProcessSpec, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    if (await spec.ready().catch(() => false)) return;
    await delay(ASK_EVERY_MS);
  }
};
