import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/** Repeats a question until it has an answer. @throws without a timely answer, naming the awaited condition */
export const until = async <T>(
  ask: () => T | undefined | Promise<T | undefined>,
  options: { withinMs: number; what: string },
): Promise<T> => {
  const deadline = performance.now() + options.withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline)
      throw new Error(`waited ${options.withinMs} ms in vain for ${options.what}`);
    await pause(LOOK_EVERY_MS);
  }
};
