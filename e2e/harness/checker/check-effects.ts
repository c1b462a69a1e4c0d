import { isSettled } from '@claimcheck/contracts/media';
import type { Aftermath } from './aftermath.ts';
import type { SeenEvent } from './history.ts';
import type { Violation } from './violation.ts';

const repeated = (values: readonly string[]): string[] => {
  const seen = new Set<string>();
  return values.filter((value) => seen.has(value) || !seen.add(value));
};

/** How often a log shows a media object going from processing to a settled state, by its id. */
const countSettlings = (events: readonly SeenEvent[]): Map<string, number> => {
  const last = new Map<string, string>();
  const count = new Map<string, number>();
  for (const { media } of events) {
    if (media === undefined) continue;
    if (last.get(media.media_object_id) === 'processing' && isSettled(media.state))
      count.set(media.media_object_id, (count.get(media.media_object_id) ?? 0) + 1);
    last.set(media.media_object_id, media.state);
  }
  return count;
};

/** B: one effect per media object, stage and epoch, however often a message was delivered. */
export const checkEffects = (aftermath: Aftermath): Violation[] => {
  const violation = (what: string): Violation => ({ invariant: 'B', what });
  const twice = repeated(aftermath.effects.map(({ what, key }) => `${what} ${key}`));
  const epochs = new Map(aftermath.media.map(({ media_object_id, epoch }) => [media_object_id, epoch]));
  const settledTooOften = [...aftermath.logs].flatMap(([conversation, { events }]) =>
    [...countSettlings(events)].flatMap(([id, count]) =>
      count > (epochs.get(id) ?? 0)
        ? [`${id} settled ${count} times in ${epochs.get(id) ?? 0} epochs, says the log of ${conversation}`]
        : [],
    ),
  );
  return [...twice.map((effect) => `happened twice: ${effect}`), ...settledTooOften].map(violation);
};
