import type { Job } from '../job/job.ts';

/** What is done with a request. Answers by responses; what it throws is tried again. */
export interface Lane {
  /** @throws MediaFailure when the media object can't be processed; anything else is retried */
  run(job: Job): Promise<void>;
  /** Settles a media object whose processing ended its process, without opening the file again. */
  judgeAlone?(job: Job): Promise<void>;
}
