import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/** @returns milliseconds until `isSo` holds; undefined when it does not within `limitMs` */
export const waitUntil = async (isSo: () => boolean, limitMs: number): Promise<number | undefined> => {
  const began = performance.now();
  while (!isSo()) {
    if (performance.now() - began > limitMs) return undefined;
    await pause(LOOK_EVERY_MS);
  }
  return Math.round(performance.now() - began);
};
