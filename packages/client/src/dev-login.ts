import { createHttp } from './http.ts';

/** Returns a token without a password, from an installation that allows it (`DEV_LOGIN`). Throws ClaimcheckError. */
export const devLogin = async (baseUrl: string, userId: string): Promise<string> => {
  const answer = await createHttp(baseUrl).request<{ token: string }>('POST', '/v1/dev/login', {
    user_id: userId,
  });
  return answer.token;
};
