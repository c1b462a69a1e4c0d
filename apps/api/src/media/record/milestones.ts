import type { CommittedFact } from '@claimcheck/database/database';
import type { MediaRow } from './media-row.ts';

type State = Pick<MediaRow, 'state' | 'thumbnail_state' | 'ready_by' | 'settle_by'>;

/** Its first deadline was set when the attempt was asked for; a later one tells nothing of that. */
const askedAt = ({ ready_by, settle_by }: State, deadlineMs: number): { asked_at?: Date } =>
  ready_by === null || settle_by !== null ? {} : { asked_at: new Date(ready_by.getTime() - deadlineMs) };

/** Lists the milestones that members wait for and this change reached: the first picture, the whole. */
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
