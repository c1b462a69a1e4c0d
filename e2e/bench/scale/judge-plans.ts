import { percentile } from '../measure/percentile.ts';
import type { ExecutedPlan } from './plans.ts';

export interface QueryFigures {
  query: string;
  calls: number;
  ms_p50: number;
  ms_max: number;
  /** Of the execution that read most for what it made. */
  rows_read: number;
  rows_made: number;
  buffers: number;
  /** Why it is too expensive; empty: it is not. */
  complaints: string[];
  plan: object;
}

const MAX_MS = 50;
const READ_PER_ROW = 20;
/** A question with the answer "nothing" may pass over so many rows, such as those that other processes hold. */
const SMALL = 500;

/** Statements whose purpose is a count or a sum over a bounded set: only their time is judged. */
const COUNTING = /count\(\*\)::float8|sum\(size_bytes \+|sum\(size_bytes\)|sum\(charged_bytes\)/;

const excess = ({ rows_read, rows_made }: ExecutedPlan): number => rows_read - READ_PER_ROW * rows_made;

const complaintsOf = (p50: number, worst: ExecutedPlan): string[] => [
  ...(p50 > MAX_MS ? [`takes ${Math.round(p50)} ms`] : []),
  ...(excess(worst) > SMALL && !COUNTING.test(worst.query)
    ? [`reads ${worst.rows_read} rows for ${worst.rows_made}`]
    : []),
];

/** Judges each statement by its executions: a median for time, which is noisy, and the worst for rows, which are not. */
export class PlanJudge {
  readonly #byQuery = new Map<string, { ms: number[]; worst: ExecutedPlan }>();

  add(executed: ExecutedPlan): void {
    const known = this.#byQuery.get(executed.query);
    if (known === undefined) {
      this.#byQuery.set(executed.query, { ms: [executed.ms], worst: executed });
      return;
    }
    known.ms.push(executed.ms);
    if (excess(executed) > excess(known.worst)) known.worst = executed;
  }

  /** The most expensive first. */
  figures(): QueryFigures[] {
    return [...this.#byQuery.entries()]
      .map(([query, { ms, worst }]) => {
        const { rows_read, rows_made, buffers, plan } = worst;
        const p50 = percentile(ms, 0.5);
        const times = { calls: ms.length, ms_p50: p50, ms_max: Math.max(...ms) };
        return { query, ...times, rows_read, rows_made, buffers, complaints: complaintsOf(p50, worst), plan };
      })
      .sort((a, b) => b.ms_p50 - a.ms_p50);
  }
}
