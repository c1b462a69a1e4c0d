import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { ClamdClient } from '../clamd/clamd-client.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';
import type { ResponseFields, Responses } from '../job/responses.ts';
import { blockInfected } from './block-infected.ts';
import { fetchUnlessQuarantined } from './fetch-unless-quarantined.ts';
import type { Lane } from './lane.ts';

export interface RescanTools {
  storage: Storage;
  responses: Responses;
  scanner: ClamdClient | undefined;
}

/** Returns whether a request asks only for a verdict. A later release's value of `only` counts as everything. */
export const isRescan = ({ only }: OptimizeRequest): boolean => only === 'scan';

/** Gives a new verdict on a stored source; its derivatives stay unchanged. */
export class RescanLane implements Lane {
  readonly #tools: RescanTools;

  constructor(tools: RescanTools) {
    this.#tools = tools;
  }

  async run(job: Job): Promise<void> {
    const scan = this.#tools.scanner?.openScan(job.signal);
    try {
      if (scan === undefined) return await this.#answer(job, { code: 'skipped' });
      const source = await fetchUnlessQuarantined(job, scan, this.#tools);
      if (source === undefined) return;
      const { sha256 } = source;
      const verdict = await job.step('scan', () => scan.verdict());
      const scanner = await scan.scanner;
      if (verdict.code === 'infected')
        return await blockInfected(job, { virusName: verdict.virusName, sha256, scanner }, this.#tools);
      await this.#answer(job, { code: verdict.code, sha256, scanner });
    } catch (error) {
      if (!(error instanceof MediaFailure)) throw error;
      // It has already settled: a missing or empty source does not settle it again.
      await job.step('respond', () => this.#tools.responses.rescanFailed(job.request, error));
    } finally {
      scan?.close();
    }
  }

  #answer(job: Job, fields: ResponseFields): Promise<void> {
    return job.step('respond', () => this.#tools.responses.succeed(job.request, 'rescan', fields));
  }
}
