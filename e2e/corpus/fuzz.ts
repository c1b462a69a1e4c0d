import { mkdir, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Seeded } from '../harness/seeded.ts';
import type { HostileWorld, Outcome } from './hostile-world.ts';
import { mutate } from './mutate.ts';
import type { RealFile } from './real-files.ts';

/** Number of files queued before the worker at any time. */
const IN_FLIGHT = 24;
const SETTLES_WITHIN_MS = 60_000;

export interface FuzzSummary {
  files: number;
  /** Number of files that ended in each state. */
  states: Record<string, number>;
}

const ARTEFACTS = new URL('../artefacts/', import.meta.url);

/** Returns files that have not settled, for separate inspection. */
const keep = async (
  wave: readonly RealFile[],
  ids: readonly string[],
  outcomes: ReadonlyMap<string, Outcome>,
): Promise<void> => {
  await mkdir(ARTEFACTS, { recursive: true });
  for (const [index, id] of ids.entries()) {
    const file = wave[index];
    if (file === undefined || outcomes.has(id)) continue;
    const name = `fuzz-${id}.${file.kind.replaceAll(' ', '-')}`;
    await writeFile(new URL(name, ARTEFACTS), file.bytes);
    console.log(`kept as e2e/artefacts/${name}`);
  }
};

/**
 * Uploads changed copies of real files until there are `count` of them, or `isOver` says so.
 * @throws when one does not settle, or the worker ended or reported an unknown error
 */
export const fuzz = async (
  world: HostileWorld,
  files: readonly RealFile[],
  random: Seeded,
  options: { count: number; isOver?: () => boolean },
): Promise<FuzzSummary> => {
  const summary: FuzzSummary = { files: 0, states: {} };
  while (summary.files < options.count && options.isOver?.() !== true) {
    const wave = Array.from({ length: Math.min(IN_FLIGHT, options.count - summary.files) }, () => {
      const { kind, filetype, bytes } = random.pick(files);
      return { kind, filetype, bytes: mutate(bytes, random) };
    });
    const ids = await Promise.all(wave.map((file) => world.upload(file)));
    const outcomes = await world.untilSettled(ids, SETTLES_WITHIN_MS).catch(async (error: unknown) => {
      await keep(wave, ids, await world.settled(ids));
      throw error;
    });
    for (const { state } of outcomes.values()) summary.states[state] = (summary.states[state] ?? 0) + 1;
    summary.files += wave.length;
    expect(world.isWorkerUnharmed, `the worker lives after ${summary.files} files`).toBe(true);
  }
  expect(await world.unhandled()).toEqual([]);
  await world.untilTidy();
  return summary;
};
