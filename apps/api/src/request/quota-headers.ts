import type { Response } from 'express';
import type { Allowance } from '../media/quota/allowance.ts';

/** Sets the user's remaining allowance after an upload was started; an unset limit has no header. */
export const setQuotaHeaders = (response: Response, { limits, used }: Allowance): void => {
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
