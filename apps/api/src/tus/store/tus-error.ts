import type { ProblemCode } from '@claimcheck/contracts/errors';
import { ProblemError } from '../../problem-error.ts';

/** A problem in the form that @tus/server passes through: a status, and our code as its text. */
export class TusError extends ProblemError {
  readonly status_code: number;
  readonly body: string;

  constructor(code: ProblemCode) {
    super(code);
    this.name = 'TusError';
    this.status_code = this.problem.status;
    this.body = code;
  }
}
