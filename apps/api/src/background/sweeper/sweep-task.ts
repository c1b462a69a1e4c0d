/** One pass of the sweeper over one duty: its clock, its end, and where it says what it decided. */
export interface SweepRun {
  now: Date;
  /** The pass has used its time, or the process ends: stop at the next safe place. */
  isOver: () => boolean;
  /** A decision that the system took alone: counted, and logged with these fields. */
  decided: (decision: string, fields: Record<string, unknown>) => void;
  /** One item failed: it is tried again, and does not delay the others. */
  failed: (error: unknown, fields: Record<string, unknown>) => void;
}

/** Safe in any number of replicas at once, and bounded: what is left is done by the next pass. */
export interface SweepTask {
  name: string;
  /** Every decision it can take: each is counted from 0. */
  outcomes: readonly string[];
  run: (pass: SweepRun) => Promise<void>;
}

const PAGE = 100;
/** Below every UUID that we make. */
export const FIRST = '00000000-0000-0000-0000-000000000000';

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
