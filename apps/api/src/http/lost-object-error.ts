import { ProblemError } from '../problem-error.ts';

/** The bucket has no object for media that should have one. Clients get the same answer as for deleted media. */
export class LostObjectError extends ProblemError {
  readonly key: string;

  constructor(key: string) {
    super('media_gone');
    this.key = key;
  }
}
