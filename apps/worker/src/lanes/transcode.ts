import type { Storage } from '@claimcheck/platform/storage';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { describe, type InspectedVideo } from '../inspect/inspection.ts';
import { type Derivative, putDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';
import { ProgressReporter } from '../job/progress-reporter.ts';
import type { Responses } from '../job/responses.ts';
import { fetchSource } from '../steps/fetch.ts';
import { inspect } from '../steps/inspect.ts';
import { makePoster } from '../steps/make-poster.ts';
import { transcodeVideo } from '../steps/transcode-video.ts';
import type { Lane } from './lane.ts';

export interface TranscodeLaneTools {
  storage: Storage;
  responses: Responses;
  ffmpeg: Ffmpeg;
  maxPixels: number;
}

/** A video that plays everywhere, and its poster. The api asks for it after the verdict. */
export class TranscodeLane implements Lane {
  readonly #tools: TranscodeLaneTools;

  constructor(tools: TranscodeLaneTools) {
    this.#tools = tools;
  }

  async run(job: Job): Promise<void> {
    const { storage, responses, ffmpeg } = this.#tools;
    const source = await job.step('fetch', () => fetchSource(job, storage));
    const inspected = await job.step('inspect', () => inspect(job, source, this.#tools));
    if (inspected.kind !== 'video')
      throw new MediaFailure('unsupported_type', { detail: `not a video: ${inspected.contentType}` });
    const { poster, thumbhash } = await job.step('preview', () => makePoster(job, inspected, ffmpeg));
    const original = await job.step('transcode', () => this.#transcode(job, inspected));
    const thumbnail = await putDerivative(job, storage, poster);
    job.failpoint('worker.after_put');
    await job.step('respond', () =>
      responses.succeed(job.request, 'final', {
        ...describe(inspected),
        thumbhash,
        sha256: source.sha256,
        processed: [original, thumbnail],
      }),
    );
  }

  async #transcode(job: Job, source: InspectedVideo): Promise<Derivative> {
    const { storage, responses, ffmpeg } = this.#tools;
    const progress = new ProgressReporter((percent) =>
      responses.succeed(job.request, 'progress', { percent }),
    );
    const original = await transcodeVideo(job, source, ffmpeg, (percent) => {
      job.failpoint('worker.during_ffmpeg');
      progress.report(percent);
    });
    await progress.flush();
    return putDerivative(job, storage, original);
  }
}
