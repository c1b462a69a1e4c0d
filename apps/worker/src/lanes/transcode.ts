import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { describe, type InspectedVideo } from '../inspect/inspection.ts';
import { type Derivative, putDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';
import { ProgressReporter } from '../job/progress-reporter.ts';
import { putHls } from '../job/put-hls.ts';
import type { Responses } from '../job/responses.ts';
import { fetchSource } from '../steps/fetch.ts';
import { inspect } from '../steps/inspect.ts';
import { makeHls } from '../steps/make-hls.ts';
import { makePoster } from '../steps/make-poster.ts';
import { MP4_FILE, transcodeVideo } from '../steps/transcode-video.ts';
import { formsOf, type VideoDelivery } from '../steps/video-delivery.ts';
import type { Lane } from './lane.ts';

export interface TranscodeLaneTools {
  storage: Storage;
  responses: Responses;
  ffmpeg: Ffmpeg;
  maxPixels: number;
  delivery: VideoDelivery;
}

/** Makes a video that plays everywhere, and its poster. The api requests it after the verdict. */
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
    // A film without its sound would not be the same film: members get the source.
    if (inspected.losesSound) throw new MediaFailure('unsupported_codec', { detail: 'the sound' });
    const { poster, thumbhash } = await job.step('preview', () => makePoster(job, inspected, ffmpeg));
    const playable = await job.step('transcode', () => this.#transcode(job, inspected));
    const thumbnail = await putDerivative(job, storage, poster);
    job.failpoint('worker.after_put');
    await job.step('respond', () =>
      responses.succeed(job.request, 'final', {
        ...describe(inspected),
        thumbhash,
        sha256: source.sha256,
        processed: [...playable, thumbnail],
      }),
    );
  }

  async #transcode(job: Job, source: InspectedVideo): Promise<Derivative[]> {
    const { storage, responses, ffmpeg, delivery } = this.#tools;
    const { mp4, hls } = formsOf(delivery, source.durationSeconds);
    const progress = new ProgressReporter((percent) =>
      responses.succeed(job.request, 'progress', { percent }),
    );
    const share = hls ? 0.5 : 1;
    const original = await transcodeVideo(job, source, ffmpeg, {
      hls,
      onPercent: (percent) => {
        job.failpoint('worker.during_ffmpeg');
        progress.report(Math.floor(percent * share));
      },
    });
    const made: Derivative[] = [];
    if (mp4) made.push(await putDerivative(job, storage, original));
    if (hls) {
      const { durationSeconds, audio } = source;
      const from = { ...original, file: MP4_FILE, hasSound: audio !== undefined, durationSeconds };
      const video = await makeHls(job, from, ffmpeg, (percent) =>
        progress.report(50 + Math.floor(percent / 2)),
      );
      made.push(await putHls(job, storage, video));
    }
    await progress.flush();
    return made;
  }
}
