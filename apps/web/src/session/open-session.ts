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

/** Logs in at the server of this page. Throws ClaimcheckError. */
export const openSession = async (userId: string): Promise<Session> => {
  const getToken = createTokenSource(() => devLogin(location.origin, userId));
  // In parallel: on a slow line each request costs as much as the page itself.
  const [config, login] = await Promise.allSettled([fetchPublicConfig(location.origin), getToken()]);
  if (config.status === 'rejected') throw config.reason;
  const { api_url, gateway_url, dev_login } = config.value;
  if (!dev_login) {
    throw new ClaimcheckError(
      'forbidden',
      'This server does not let the demo log in (DEV_LOGIN is off). Its chat application brings its own users.',
    );
  }
  // A user id that the server refuses is reported here, not somewhere in the chat.
  if (login.status === 'rejected') throw login.reason;
  const client = createClient({
    baseUrl: api_url,
    gatewayUrl: gateway_url,
    getToken,
    userId,
    // tus resumes most visibly, which the network panel demonstrates, and needs no CORS rules on the bucket.
    uploads: { protocols: ['tus'] },
  });
  return { userId, client };
};
