import {
  type ClaimcheckClient,
  ClaimcheckError,
  createClient,
  devLogin,
  fetchPublicConfig,
} from '@claimcheck/client';
import { createTokenSource } from './token-source.ts';

export interface Session {
  userId: string;
  client: ClaimcheckClient;
}

/** Logs in at the server that this page came from. Throws ClaimcheckError. */
export const openSession = async (userId: string): Promise<Session> => {
  const config = await fetchPublicConfig(location.origin);
  if (!config.dev_login) {
    throw new ClaimcheckError(
      'forbidden',
      'This server does not let the demo log in (DEV_LOGIN is off). Its chat application brings its own users.',
    );
  }
  const getToken = createTokenSource(() => devLogin(config.api_url, userId));
  // A user id that the server refuses shows here, not somewhere in the chat.
  await getToken();
  const client = createClient({
    baseUrl: config.api_url,
    gatewayUrl: config.gateway_url,
    getToken,
    userId,
    // What resumes most visibly, and needs no CORS rules of the bucket: the network panel is there to watch it.
    uploads: { protocols: ['tus'] },
  });
  return { userId, client };
};
