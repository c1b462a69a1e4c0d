import type { Storage } from '@claimcheck/platform/s3/storage';
import type { ClamdClient } from '../clamd/clamd-client.ts';
import type { ClamdScan } from '../clamd/clamd-scan.ts';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import {
  describe,
  type InspectedAudio,
  type InspectedImage,
  type Inspection,
} from '../inspect/inspection.ts';
import { type Derivative, putDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';
import type { ResponseFields, Responses } from '../job/responses.ts';
import type { Pdf } from '../pdf/pdf.ts';
import { type EncodedImages, encodeImages, putImages } from '../steps/derive-images.ts';
import type { Source } from '../steps/fetch.ts';
import { inspect } from '../steps/inspect.ts';
import { makePreview } from '../steps/preview.ts';
import { makePlayableSound } from '../steps/sound.ts';
import { blockInfected } from './block-infected.ts';
import { fetchUnlessQuarantined } from './fetch-unless-quarantined.ts';
import type { Lane } from './lane.ts';

export interface MediaLaneTools {
  storage: Storage;
  responses: Responses;
  ffmpeg: Ffmpeg;
  pdf: Pdf;
  /** Undefined: nothing is scanned. */
  scanner: ClamdClient | undefined;
  /** `verdict`: only the preview precedes it; `derivatives`: as early as possible, withdrawn if necessary. */
  first: 'verdict' | 'derivatives';
  maxPixels: number;
}

/** The known facts about the media object; every response repeats them. */
interface Findings {
  source: Source;
  /** Undefined when it could not be read. */
  inspected: Inspection | undefined;
  thumbnail: Derivative | undefined;
  fields: ResponseFields;
  /** Why there is no preview although its kind should have one. */
  failure: MediaFailure | undefined;
}

type VerdictFields = { code: 'clean' | 'unscannable' | 'skipped' } & Pick<
  ResponseFields,
  'scanner' | 'error'
>;

/** Another lane sends a video's final response, at the api's request after the verdict. */
const isJoinable = ({ request }: Job, { inspected }: Findings): boolean =>
  request.joined === true && inspected?.kind !== 'video';

/** Inspects, previews, scans, derives. Handles pictures in full; another lane does the heavy part of a video. */
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

  /** Its decoder ended the worker: now only the scanner sees it, and members get the source. */
  async judgeAlone(job: Job): Promise<void> {
    const scan = this.#tools.scanner?.openScan(job.signal);
    try {
      const source = await fetchUnlessQuarantined(job, scan, this.#tools);
      if (source === undefined) return;
      const fields: ResponseFields = { kind: 'other', sha256: source.sha256 };
      const failure = new MediaFailure('processing_failed', { detail: 'it ended its worker' });
      const findings = { source, inspected: undefined, thumbnail: undefined, fields, failure };
      const verdict = await this.#judge(job, findings, scan);
      if (verdict === undefined) return;
      await this.#respond(job, 'scan', { ...fields, ...verdict });
      await this.#finish(job, findings);
    } finally {
      scan?.close();
    }
  }

  async #process(job: Job, source: Source, scan: ClamdScan | undefined): Promise<void> {
    const findings = await this.#look(job, source);
    // A file that cannot be read still waits for its verdict: "infected" is the worse news.
    const isEarly = this.#tools.first === 'derivatives' && findings.failure === undefined;
    if (!isEarly && isJoinable(job, findings)) return this.#finishJudged(job, findings, scan);
    if (isEarly) await this.#finish(job, findings);
    const verdict = await this.#judge(job, findings, scan);
    if (verdict === undefined) return;
    await this.#respond(job, 'scan', { ...findings.fields, ...verdict });
    if (!isEarly) await this.#finish(job, findings);
  }

  /**
   * Encodes a picture while it is scanned, and stores it after the verdict, which comes within the final response: one
   * message less for every photo.
   */
  async #finishJudged(job: Job, findings: Findings, scan: ClamdScan | undefined): Promise<void> {
    const { inspected, failure, fields } = findings;
    const isPicture = inspected?.kind === 'image' && failure === undefined;
    const encoding = isPicture ? this.#encode(job, inspected) : undefined;
    // The step that stores the pictures reports a failure, after the verdict.
    encoding?.catch(() => undefined);
    try {
      const verdict = await this.#judge(job, findings, scan);
      if (verdict === undefined) return;
      const { scanner, ...scanned } = verdict;
      const judged = { ...findings, fields: { ...fields, scanner, scan: scanned } };
      await this.#finish(job, judged, encoding).catch(async (error: unknown) => {
        // The failure must not lose the facts known so far.
        await this.#respond(job, 'scan', { ...fields, ...verdict });
        throw error;
      });
    } finally {
      // The job's folder must outlive its decoder.
      await Promise.allSettled([encoding]);
    }
  }

  async #look(job: Job, source: Source): Promise<Findings> {
    const { sha256 } = source;
    let inspected: Inspection | undefined;
    try {
      const found = await job.step('inspect', () => inspect(job, source, this.#tools));
      inspected = found;
      const known: ResponseFields = { ...describe(found), sha256 };

      const { thumbnail, ...seen } = await job.step('preview', () => makePreview(job, found, this.#tools));
      const fields = { ...known, ...seen };
      if (thumbnail !== undefined) await this.#respond(job, 'preview', { ...fields, processed: [thumbnail] });
      return { source, inspected, thumbnail, fields, failure: undefined };
    } catch (failure) {
      if (!(failure instanceof MediaFailure)) throw failure;
      const { contentType = inspected?.contentType } = failure;
      // No preview is possible: members get the source, as a file.
      const fields: ResponseFields = { kind: 'other', sha256, ...(contentType && { contentType }) };
      return { source, inspected, thumbnail: undefined, fields, failure };
    }
  }

  /** @returns the verdict; undefined when the file is infected, and no further step may run */
  async #judge(
    job: Job,
    { source }: Findings,
    scan: ClamdScan | undefined,
  ): Promise<VerdictFields | undefined> {
    if (scan === undefined) return { code: 'skipped' };
    const verdict = await job.step('scan', () => scan.verdict());
    const scanner = await scan.scanner;
    if (verdict.code === 'infected') {
      await blockInfected(job, { virusName: verdict.virusName, sha256: source.sha256, scanner }, this.#tools);
      return undefined;
    }
    const reason = verdict.code === 'unscannable' ? { error: verdict.reason } : {};
    return { code: verdict.code, scanner, ...reason };
  }

  /** @param encoding of its qualities, if that has started */
  async #finish(
    job: Job,
    { inspected, thumbnail, fields, failure }: Findings,
    encoding?: Promise<EncodedImages>,
  ): Promise<void> {
    if (inspected === undefined || failure !== undefined) return this.#fail(job, failure, fields);
    // The transcode lane sends its final response; the api requests that once the verdict allows it.
    if (inspected.kind === 'video') return;
    const processed = thumbnail === undefined ? [] : [thumbnail];
    try {
      if (inspected.kind === 'image')
        processed.push(...(await this.#store(job, await (encoding ?? this.#encode(job, inspected)))));
      if (inspected.kind === 'audio')
        processed.push(...(await job.step('transcode', () => this.#playable(job, inspected))));
    } catch (error) {
      if (!(error instanceof MediaFailure)) throw error;
      return this.#fail(job, error, { ...fields, processed });
    }
    job.failpoint('worker.after_put');
    await this.#respond(job, 'final', { ...fields, processed });
  }

  #encode(job: Job, picture: InspectedImage): Promise<EncodedImages> {
    return job.step('derive', () => encodeImages(job, picture, this.#tools.ffmpeg));
  }

  #store(job: Job, encoded: EncodedImages): Promise<Derivative[]> {
    return job.step('store', () => putImages(job, encoded, this.#tools.storage));
  }

  async #playable(job: Job, sound: InspectedAudio): Promise<Derivative[]> {
    const made = await makePlayableSound(job, sound, this.#tools.ffmpeg);
    return made === undefined ? [] : [await putDerivative(job, this.#tools.storage, made)];
  }

  async #fail(job: Job, failure = new MediaFailure('unreadable'), fields: ResponseFields): Promise<void> {
    const { code, detail } = failure;
    job.logger.warn({ code, detail }, 'the file is delivered as it is');
    await job.step('respond', () => this.#tools.responses.fail(job.request, failure, fields));
  }

  #respond(job: Job, stage: 'preview' | 'scan' | 'final', fields: ResponseFields): Promise<void> {
    return job.step('respond', () => this.#tools.responses.succeed(job.request, stage, fields));
  }
}
