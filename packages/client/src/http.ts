import { errorOfAnswer, networkError } from './claimcheck-error.ts';

/** Gives the host application's current token; called for each request, so it should cache. */
export type GetToken = () => string | Promise<string>;

type HttpMethod = 'GET' | 'POST';

export interface Http {
  /** Answers the parsed JSON body. Throws ClaimcheckError. */
  request<Answer>(method: HttpMethod, path: string, body?: unknown): Promise<Answer>;
}

/** No call of this API takes long, so silence means that the connection is gone. */
const TIMEOUT_MS = 30_000;

export const createHttp = (baseUrl: string, getToken?: GetToken): Http => ({
  async request<Answer>(method: HttpMethod, path: string, body?: unknown): Promise<Answer> {
    const headers = new Headers({ accept: 'application/json' });
    if (getToken) headers.set('authorization', `Bearer ${await getToken()}`);
    if (body !== undefined) headers.set('content-type', 'application/json');
    const { response, text } = await exchange(new URL(path, baseUrl), {
      method,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw errorOfAnswer(response.status, text);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  },
});

const exchange = async (url: URL, init: RequestInit) => {
  try {
    const response = await fetch(url, init);
    return { response, text: await response.text() };
  } catch (error) {
    throw networkError(error);
  }
};
