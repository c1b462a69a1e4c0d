import type { Storage } from '@claimcheck/platform/s3/storage';
import type { ClamdScan } from '../clamd/clamd-scan.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';
import type { Responses } from '../job/responses.ts';
import { fetchSource, type Source } from '../steps/fetch.ts';
import { findQuarantined } from '../steps/quarantine.ts';

/**
 * Downloads the source and feeds the scan. Returns undefined if an earlier attempt found it infected and deleted it, perhaps
 * without sending its event; the event has now been sent.
 *
 * @throws MediaFailure `source_missing`, `empty_file`
 */
export const fetchUnlessQuarantined = async (
  job: Job,
  scan: ClamdScan | undefined,
  { storage, responses }: { storage: Storage; responses: Responses },
): Promise<Source | undefined> => {
  try {
    return await job.step('fetch', () => fetchSource(job, storage, scan));
  } catch (error) {
    if (!(error instanceof MediaFailure) || error.code !== 'source_missing') throw error;
    const event = await findQuarantined(job, storage);
    if (event === undefined) throw error;
    await job.step('respond', () => responses.infected(job.request, event));
    return undefined;
  }
};
