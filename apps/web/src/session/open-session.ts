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
  const getToken = createTokenSource(() => devLogin(location.origin, userId));
  // Side by side: on a slow line each question costs as much as the page itself.
  const [config, login] = await Promise.allSettled([fetchPublicConfig(location.origin), getToken()]);
  if (config.status === 'rejected') throw config.reason;
  const { api_url, gateway_url, dev_login } = config.value;
  if (!dev_login) {
    throw new ClaimcheckError(
      'forbidden',
      'This server does not let the demo log in (DEV_LOGIN is off). Its chat application brings its own users.',
    );
  }
  // A user id that the server refuses shows here, not somewhere in the chat.
  if (login.status === 'rejected') throw login.reason;
  const client = createClient({
    baseUrl: api_url,
    gatewayUrl: gateway_url,
    getToken,
    userId,
    // What resumes most visibly, and needs no CORS rules of the bucket: the network panel is there to watch it.
    uploads: { protocols: ['tus'] },
  });
  return { userId, client };
};
