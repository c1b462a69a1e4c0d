import { isTombstone } from '@claimcheck/contracts/media';
import type { Aftermath } from './aftermath.ts';
import type { SeenEvent } from './history.ts';
import type { Violation } from './violation.ts';

/** Events of a media object in another state after its tombstone. */
const risen = (events: readonly SeenEvent[]): string[] => {
  const buried = new Set<string>();
  return events.flatMap(({ seq, media }) => {
    if (media === undefined) return [];
    if (isTombstone(media.state)) buried.add(media.media_object_id);
    else if (buried.has(media.media_object_id))
      return [`${media.media_object_id} became ${media.state} again at seq ${seq}`];
    return [];
  });
};

/** C: after a tombstone no URL answers, no event revives it, and nothing is left under its prefix. */
export const checkTombstones = (aftermath: Aftermath): Violation[] => {
  const served = aftermath.tombstones.flatMap(({ media_object_id, answers }) =>
    answers
      .filter(({ status }) => status < 400)
      .map(({ quality, status }) => `${quality} of ${media_object_id} answers ${status}`),
  );
  const left = aftermath.tombstones
    .filter(({ keys }) => keys.length > 0)
    .map(({ media_object_id, keys }) => `${media_object_id} still has ${keys.join(', ')}`);
  const revived = [...aftermath.logs.values()].flatMap(({ events }) => risen(events));
  return [...served, ...left, ...revived].map((what) => ({ invariant: 'C', what }));
};
