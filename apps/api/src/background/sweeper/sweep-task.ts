/** One pass of the sweeper over one task: its clock, its end, and the record of its decisions. */
export interface SweepRun {
  now: Date;
  /** The pass has used its time, or the process ends: stop at the next safe point. */
  isOver: () => boolean;
  /** Counts a decision that the system took by itself, and logs it with these fields. */
  decided: (decision: string, fields: Record<string, unknown>) => void;
  /** One item failed: a later pass retries it, and it does not delay the others. */
  failed: (error: unknown, fields: Record<string, unknown>) => void;
}

/** Safe in any number of replicas at once, and bounded: the next pass does the rest. */
export interface SweepTask {
  name: string;
  /** Every decision that the task can take; each is counted from 0. */
  outcomes: readonly string[];
  run: (pass: SweepRun) => Promise<void>;
}

const PAGE = 100;

/**
 * Works through pages of things in their order, so that one which fails is not met again in the same pass, nor
 * keeps the ones behind it waiting.
 *
 * @param first before every item
 * @param list returns the page behind an item
 */
export const forEachPage = async <Cursor, Item extends Cursor>(
  pass: SweepRun,
  first: Cursor,
  list: (after: Cursor, limit: number) => Promise<Item[]>,
  work: (items: Item[]) => Promise<void>,
): Promise<void> => {
  for (let after = first; !pass.isOver(); ) {
    const page = await list(after, PAGE);
    if (page.length > 0) await work(page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last;
  }
};
