import type { PublicConfig } from '@claimcheck/contracts/rest';
import { createHttp } from './http.ts';

/** Public addresses and limits of the installation behind `baseUrl`. Throws ClaimcheckError. */
export const fetchPublicConfig = (baseUrl: string): Promise<PublicConfig> =>
  createHttp(baseUrl).request('GET', '/config.json');
