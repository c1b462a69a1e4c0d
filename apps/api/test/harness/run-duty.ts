import type { SweepTask } from '../../src/background/sweeper/sweep-task.ts';

export interface DutyReport {
  /** `decision` or `error`, in order. */
  decisions: string[];
  errors: unknown[];
}

/** Runs one task once, at a time that the test chooses. */
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

/** Returns the time this many milliseconds from now. */
export const later = (ms: number): Date => new Date(Date.now() + ms);
