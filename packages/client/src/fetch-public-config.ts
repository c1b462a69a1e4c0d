import { createHttp } from './http.ts';
import type { PublicConfig } from './wire/conversation.ts';

/** Returns public addresses and limits of the installation behind `baseUrl`. Throws ClaimcheckError. */
export const fetchPublicConfig = (baseUrl: string): Promise<PublicConfig> =>
  createHttp(baseUrl).request('GET', '/config.json');
