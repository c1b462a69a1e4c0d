import { LIMITS } from '@claimcheck/contracts/limits';
import type { SignedPart, UploadPart, UploadParts } from '@claimcheck/contracts/rest';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { DirectStorage, SignedRequest } from '@claimcheck/platform/s3/direct-storage';
import { isMissing } from '@claimcheck/platform/s3/s3-errors';
import { failUpload } from '../media/lifecycle/fail-upload.ts';
import { type DirectUpload, keepMultipart } from '../media/uploads/direct-sessions.ts';
import { mayBeCompleting } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import { completeDirectUpload, type DirectContext, type DirectOutcome } from './complete-direct-upload.ts';
import { partsOf, planParts } from './parts-of.ts';

/** The trigger of a check. */
export const TRIGGERS = ['client', 'event', 'sweeper', 'expirer'] as const;
export type Trigger = (typeof TRIGGERS)[number];

export interface DirectUploadsOptions extends DirectContext {
  direct: DirectStorage;
  logger: Logger;
  onChecked: (by: Trigger, settlement: DirectOutcome) => void;
}

/** Longest life of a signature of version 4. */
const LONGEST_SIGNATURE_S = 604_800;

const gone = ({ upload_id }: DirectUpload) => new ProblemError('upload_gone', { media_object_id: upload_id });

/** Uploads whose bytes go directly from the client to the storage. */
export class DirectUploads {
  readonly #options: DirectUploadsOptions;

  constructor(options: DirectUploadsOptions) {
    this.#options = options;
  }

  /** Signs the one request that carries a whole file. @throws ProblemError `upload_gone` */
  async signPut(upload: DirectUpload): Promise<SignedRequest> {
    return this.#options.direct.signPut(upload.object_storage_key, {
      size_bytes: upload.length,
      seconds: secondsLeft(upload),
    });
  }

  /**
   * Lists the stored parts of a multipart upload, and signs URLs for missing ones.
   *
   * @param numbers sign these, whether they are stored or not; by default the first missing ones
   * @throws ProblemError `upload_gone`, also when the storage has lost it · `invalid_request`
   */
  async parts(upload: DirectUpload, numbers?: readonly number[]): Promise<UploadParts> {
    const s3UploadId = upload.s3_upload_id ?? (await this.#open(upload));
    const stored = upload.s3_upload_id === undefined ? [] : await this.#list(upload, s3UploadId);
    const { finished, missing } = partsOf(upload, stored);
    const wanted = numbers === undefined ? missing.slice(0, LIMITS.signedParts) : pick(upload, numbers);
    return {
      finished: finished.map(({ number, size_bytes }) => ({ number, size_bytes })),
      parts: await this.#sign(upload, s3UploadId, wanted),
      chunk_size: upload.part_size,
      expires_at: upload.expires_at.toISOString(),
    };
  }

  async #sign(upload: DirectUpload, s3UploadId: string, parts: readonly UploadPart[]): Promise<SignedPart[]> {
    const seconds = secondsLeft(upload);
    const { object_storage_key: key } = upload;
    return Promise.all(
      parts.map(async (part) => ({
        ...part,
        url: await this.#options.direct.signPart(key, s3UploadId, { ...part, seconds }),
      })),
    );
  }

  async #list(upload: DirectUpload, s3UploadId: string) {
    try {
      return await this.#options.storage.multipart.listParts(upload.object_storage_key, s3UploadId);
    } catch (error) {
      if (isMissing(error) && mayBeCompleting(upload))
        throw new ProblemError('unavailable', { media_object_id: upload.upload_id, retry_after_ms: 2_000 });
      if (isMissing(error)) throw gone(upload);
      throw error;
    }
  }

  /** The multipart upload is created in the storage when its first parts are requested. */
  async #open(upload: DirectUpload): Promise<string> {
    const { database, storage } = this.#options;
    const { upload_id, object_storage_key: key } = upload;
    const opened = await storage.multipart.open(key);
    const kept = await keepMultipart(database, upload_id, opened);
    if (kept !== opened) await storage.multipart.abort(key, opened);
    if (kept === undefined) throw gone(upload);
    return kept;
  }

  /** Updates the upload's state from what is in the storage. Repeatable. @throws the storage's error */
  async complete(upload: DirectUpload, by: Trigger): Promise<DirectOutcome> {
    const { logger, onChecked } = this.#options;
    const settlement = await completeDirectUpload(this.#options, upload);
    onChecked(by, settlement);
    const fields = { upload: upload.upload_id, protocol: upload.protocol, by, settlement };
    if (settlement === 'finished') logger.info(fields, 'upload finished');
    if (settlement === 'failed' || settlement === 'lost')
      logger.warn(fields, 'direct upload is not as announced');
    return settlement;
  }

  /** An upload that the storage has lost can never finish. */
  async abandon(upload: DirectUpload): Promise<void> {
    const { database, settings } = this.#options;
    await database.transaction((tx) => failUpload(tx, settings, upload.upload_id, 'source_missing'));
    await this.abort(upload);
  }

  /** Removes what the storage keeps of an unfinished upload. Repeatable. */
  abort({ object_storage_key }: DirectUpload): Promise<void> {
    return this.#options.storage.multipart.abortAll(object_storage_key);
  }
}

/** @throws ProblemError `upload_gone` */
const secondsLeft = (upload: DirectUpload): number => {
  const seconds = Math.floor((upload.expires_at.getTime() - Date.now()) / 1_000);
  if (upload.phase !== 'open' || seconds < 1) throw gone(upload);
  return Math.min(seconds, LONGEST_SIGNATURE_S);
};

/** @throws ProblemError `invalid_request` */
const pick = (upload: DirectUpload, numbers: readonly number[]): UploadPart[] => {
  const plan = planParts(upload);
  return [...new Set(numbers)].map((number) => {
    const part = plan[number - 1];
    if (part === undefined)
      throw new ProblemError('invalid_request', {
        field: 'numbers',
        detail: `numbers must be between 1 and ${plan.length}`,
      });
    return part;
  });
};
