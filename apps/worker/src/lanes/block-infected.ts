import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Job } from '../job/job.ts';
import type { Responses } from '../job/responses.ts';
import { type Infection, quarantine } from '../steps/quarantine.ts';

/** Deletes infected bytes first, then reports them. */
export const blockInfected = async (
  job: Job,
  infection: Infection,
  { storage, responses }: { storage: Storage; responses: Responses },
): Promise<void> => {
  const event = await job.step('quarantine', () => quarantine(job, storage, infection));
  await job.step('respond', () => responses.infected(job.request, event));
};
