import type { CommittedFact } from '@claimcheck/database/database';
import type { MediaRow } from './media-row.ts';

type State = Pick<MediaRow, 'state' | 'thumbnail_state'>;

/** What members wait for, and came with this change: the first picture, the whole. */
export const milestonesOf = (before: State, after: MediaRow): CommittedFact[] => {
  const { media_object_id, epoch, kind } = after;
  const reached = {
    preview: before.thumbnail_state !== 'ready' && after.thumbnail_state === 'ready',
    ready: before.state === 'processing' && after.state === 'ready',
  };
  return (['preview', 'ready'] as const)
    .filter((milestone) => reached[milestone])
    .map((milestone) => ({ fact: 'milestone', milestone, media_object_id, epoch, kind }));
};
