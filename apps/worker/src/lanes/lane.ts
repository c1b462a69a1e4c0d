import type { Job } from '../job/job.ts';

/** The work of a lane on a request. It answers with responses; an error is retried. */
export interface Lane {
  /** @throws MediaFailure when the media object cannot be processed; any other error is retried */
  run(job: Job): Promise<void>;
  /** Settles a media object whose processing ended its process, without opening the file again. */
  judgeAlone?(job: Job): Promise<void>;
}
