import type { SweepTask } from '../../src/background/sweeper/sweep-task.ts';

export interface DutyReport {
  /** `decision` or `error`, in their order. */
  decisions: string[];
  errors: unknown[];
}

/** One pass of one duty, at a time of the test's choice. */
export const runDuty = async (duty: SweepTask, now: Date): Promise<DutyReport> => {
  const report: DutyReport = { decisions: [], errors: [] };
  await duty.run({
    now,
    isOver: () => false,
    decided: (decision) => report.decisions.push(decision),
    failed: (error) => {
      report.decisions.push('error');
      report.errors.push(error);
    },
  });
  return report;
};

/** So many milliseconds from now. */
export const later = (ms: number): Date => new Date(Date.now() + ms);
