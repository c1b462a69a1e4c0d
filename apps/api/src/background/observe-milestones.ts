import type { CommittedFact, Database } from '@claimcheck/database/database';
import type { Logger } from '@claimcheck/platform/process/logger';
import { secondsInWork } from '../media/reports/seconds-in-work.ts';

type Milestone = Extract<CommittedFact, { fact: 'milestone' }>;

export interface MilestoneOptions {
  database: Database;
  logger: Pick<Logger, 'warn'>;
  onMilestone: (milestone: Milestone['milestone'], kind: Milestone['kind'], seconds: number) => void;
}

/** Measures how long members waited. Runs after the commit and beside the work: never throws, never delays. */
export const observeMilestones = (facts: readonly CommittedFact[], options: MilestoneOptions): void => {
  const measure = async ({ milestone, kind, media_object_id, epoch, asked_at }: Milestone) => {
    if (asked_at !== undefined) {
      options.onMilestone(milestone, kind, Math.max(0, Date.now() - asked_at.getTime()) / 1_000);
      return;
    }
    const seconds = await secondsInWork(options.database, media_object_id, epoch);
    if (seconds !== undefined) options.onMilestone(milestone, kind, seconds);
  };
  for (const fact of facts)
    if (fact.fact === 'milestone')
      measure(fact).catch((error: unknown) => options.logger.warn({ err: error }, 'a wait was not measured'));
};
