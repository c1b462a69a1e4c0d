import { PROBLEMS, type Problem, type ProblemCode, toProblem } from '@claimcheck/contracts/errors';

/** An expected refusal. Every surface answers with its problem document. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(code: ProblemCode, extra: Partial<Problem> = {}) {
    super(extra.detail ?? PROBLEMS[code].title);
    this.name = 'ProblemError';
    this.problem = toProblem(code, extra);
  }
}
