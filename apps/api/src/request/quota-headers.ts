import type { Database } from '@claimcheck/database/database';
import type { Response } from 'express';
import { readAllowance } from '../media/quota/allowance.ts';
import type { UsageLimits } from '../media/record/usage-limits.ts';

/** Sets the user's remaining allowance after an upload was started; an unset limit has no header. */
export const setQuotaHeaders = async (
  response: Response,
  database: Database,
  configured: UsageLimits,
  userId: string,
): Promise<void> => {
  const { limits, used } = await readAllowance(database, configured, userId);
  const left = {
    'Quota-Bytes-Left':
      limits.userQuotaBytes === undefined ? undefined : limits.userQuotaBytes - Number(used.bytes),
    'Quota-Open-Uploads-Left': limits.maxOpenUploads - used.open_uploads,
    'Quota-Uploads-Today-Left':
      limits.maxUploadsPerDay === undefined ? undefined : limits.maxUploadsPerDay - used.uploads_today,
  };
  for (const [name, value] of Object.entries(left))
    if (value !== undefined) response.set(name, String(Math.max(0, value)));
};
