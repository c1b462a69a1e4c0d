import type { Storage } from '@claimcheck/platform/s3/storage';
import type { ClamdClient } from '../clamd/clamd-client.ts';
import type { ClamdScan } from '../clamd/clamd-scan.ts';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { describe, type Inspection } from '../inspect/inspection.ts';
import type { Derivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';
import type { ResponseFields, Responses } from '../job/responses.ts';
import { deriveImages } from '../steps/derive-images.ts';
import type { Source } from '../steps/fetch.ts';
import { inspect } from '../steps/inspect.ts';
import { makePreview } from '../steps/preview.ts';
import { blockInfected } from './block-infected.ts';
import { fetchUnlessQuarantined } from './fetch-unless-quarantined.ts';
import type { Lane } from './lane.ts';

export interface MediaLaneTools {
  storage: Storage;
  responses: Responses;
  ffmpeg: Ffmpeg;
  /** Undefined: nothing is scanned. */
  scanner: ClamdClient | undefined;
  /** `verdict`: nothing but the preview before it; `derivatives`: as fast as possible, taken back if need be. */
  first: 'verdict' | 'derivatives';
  maxPixels: number;
}

/** What is known of the media object so far; every response repeats it. */
interface Findings {
  source: Source;
  inspected: Inspection;
  thumbnail: Derivative | undefined;
  fields: ResponseFields;
}

/** Inspect, preview, scan, derive. Made for pictures; the heavy part of a video is another lane's. */
export class MediaLane implements Lane {
  readonly #tools: MediaLaneTools;

  constructor(tools: MediaLaneTools) {
    this.#tools = tools;
  }

  async run(job: Job): Promise<void> {
    const scan = this.#tools.scanner?.openScan(job.signal);
    try {
      const source = await fetchUnlessQuarantined(job, scan, this.#tools);
      if (source === undefined) return;
      await this.#process(job, source, scan);
    } finally {
      scan?.close();
    }
  }

  async #process(job: Job, source: Source, scan: ClamdScan | undefined): Promise<void> {
    const isEarly = this.#tools.first === 'derivatives';
    let findings: Findings;
    try {
      findings = await this.#look(job, source);
      if (isEarly) await this.#finish(job, findings);
    } catch (error) {
      // A file that breaks its decoder may be infected all the same: that is the worse news.
      if (error instanceof MediaFailure && (await this.#endsInfected(job, source, scan))) return;
      throw error;
    }
    const isAccepted = await this.#judge(job, findings, scan);
    if (isAccepted && !isEarly) await this.#finish(job, findings);
  }

  async #look(job: Job, source: Source): Promise<Findings> {
    const inspected = await job.step('inspect', () => inspect(job, source, this.#tools));
    const known: ResponseFields = { ...describe(inspected), sha256: source.sha256 };
    if (inspected.kind !== 'image' && inspected.kind !== 'video')
      return { source, inspected, thumbnail: undefined, fields: known };

    const { thumbnail, thumbhash } = await job.step('preview', () =>
      makePreview(job, inspected, this.#tools),
    );
    const fields = { ...known, thumbhash };
    await this.#respond(job, 'preview', { ...fields, processed: [thumbnail] });
    return { source, inspected, thumbnail, fields };
  }

  /** Tells the verdict. @returns whether the work may go on */
  async #judge(job: Job, { source, fields }: Findings, scan: ClamdScan | undefined): Promise<boolean> {
    if (scan === undefined) {
      await this.#respond(job, 'scan', { ...fields, code: 'skipped' });
      return true;
    }
    const verdict = await job.step('scan', () => scan.verdict());
    const scanner = await scan.scanner;
    if (verdict.code === 'infected') {
      await blockInfected(job, { virusName: verdict.virusName, sha256: source.sha256, scanner }, this.#tools);
      return false;
    }
    const reason = verdict.code === 'unscannable' ? { error: verdict.reason } : {};
    await this.#respond(job, 'scan', { ...fields, code: verdict.code, scanner, ...reason });
    return true;
  }

  async #endsInfected(job: Job, { sha256 }: Source, scan: ClamdScan | undefined): Promise<boolean> {
    if (scan === undefined) return false;
    const verdict = await job.step('scan', () => scan.verdict());
    if (verdict.code !== 'infected') return false;
    const scanner = await scan.scanner;
    await blockInfected(job, { virusName: verdict.virusName, sha256, scanner }, this.#tools);
    return true;
  }

  async #finish(job: Job, { inspected, thumbnail, fields }: Findings): Promise<void> {
    // Its final response is the transcode lane's; the api asks for that when it likes the verdict.
    if (inspected.kind === 'video') return;
    const processed = thumbnail === undefined ? [] : [thumbnail];
    if (inspected.kind === 'image')
      processed.push(...(await job.step('derive', () => deriveImages(job, inspected, this.#tools))));
    job.failpoint('worker.after_put');
    await this.#respond(job, 'final', { ...fields, processed });
  }

  #respond(job: Job, stage: 'preview' | 'scan' | 'final', fields: ResponseFields): Promise<void> {
    return job.step('respond', () => this.#tools.responses.succeed(job.request, stage, fields));
  }
}
