import type { CommittedFact } from '@claimcheck/database/database';
import type { MediaRow } from './media-row.ts';

type State = Pick<MediaRow, 'state' | 'thumbnail_state' | 'ready_by' | 'settle_by'>;

/** The first deadline was set when the attempt was requested; a later one does not tell that time. */
const askedAt = ({ ready_by, settle_by }: State, deadlineMs: number): { asked_at?: Date } =>
  ready_by === null || settle_by !== null ? {} : { asked_at: new Date(ready_by.getTime() - deadlineMs) };

/** Lists the milestones of this change for which members wait: the first picture, the complete media object. */
export const milestonesOf = (before: State, after: MediaRow, readyDeadlineMs: number): CommittedFact[] => {
  const { media_object_id, epoch, kind } = after;
  const reached = {
    preview: before.thumbnail_state !== 'ready' && after.thumbnail_state === 'ready',
    ready: before.state === 'processing' && after.state === 'ready',
  };
  return (['preview', 'ready'] as const)
    .filter((milestone) => reached[milestone])
    .map((milestone) => ({
      ...{ fact: 'milestone', milestone, media_object_id, epoch, kind },
      ...askedAt(before, readyDeadlineMs),
    }));
};
