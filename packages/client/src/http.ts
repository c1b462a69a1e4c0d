import { ClaimcheckError, errorOfAnswer, networkError } from './claimcheck-error.ts';

/** `fresh` asks for another token than the last one, which the server did not accept. */
export interface TokenRequest {
  fresh: boolean;
}

/** Gives the host application's current token; called for each request, so it should cache. */
export type GetToken = (request?: TokenRequest) => string | Promise<string>;

export type HttpMethod = 'GET' | 'POST' | 'DELETE';

export interface Http {
  readonly baseUrl: string;
  /** A token, or ClaimcheckError `token_missing` that says what to do. */
  token(request?: TokenRequest): Promise<string>;
  /** Answers the parsed JSON body. Throws ClaimcheckError. `path` may be an address of the same service. */
  request<Answer>(
    method: HttpMethod,
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<Answer>;
}

export interface RequestOptions {
  signal?: AbortSignal | undefined;
  /** Instead of the user's token, such as those of an upload's ticket. */
  headers?: Record<string, string>;
}

/** No call of this API takes longer, not even a long-poll, so silence means that the connection is gone. */
const TIMEOUT_MS = 30_000;

export const createHttp = (baseUrl: string, getToken?: GetToken): Http => {
  const token = async (request?: TokenRequest) => tokenOf(await askForToken(getToken, request));

  const send = async (
    method: HttpMethod,
    path: string,
    body: unknown,
    options: RequestOptions,
    fresh: boolean,
  ) => {
    const headers = new Headers({ accept: 'application/json', ...options.headers });
    if (getToken && !headers.has('authorization'))
      headers.set('authorization', `Bearer ${await token(fresh ? { fresh } : undefined)}`);
    if (body !== undefined) headers.set('content-type', 'application/json');
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    return exchange(new URL(path, baseUrl), {
      method,
      headers,
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };

  return {
    baseUrl,
    token,
    async request<Answer>(
      method: HttpMethod,
      path: string,
      body?: unknown,
      options: RequestOptions = {},
    ): Promise<Answer> {
      let answer = await send(method, path, body, options, false);
      const { authorization: ticket, ...headers } = options.headers ?? {};
      const byToken = { ...options, headers };
      // What a ticket opens is open to the user too: one that has ended on the way need not be renewed.
      if (answer.status === 401 && getToken && ticket !== undefined)
        answer = await send(method, path, body, byToken, false);
      if (answer.status === 401 && getToken) answer = await send(method, path, body, byToken, true);
      if (!answer.ok) throw errorOfAnswer(answer.status, answer.text);
      return parseAnswer(answer, new URL(path, baseUrl)) as Answer;
    },
  };
};

const askForToken = async (getToken: GetToken | undefined, request?: TokenRequest): Promise<unknown> => {
  try {
    return await getToken?.(request);
  } catch (cause) {
    throw new ClaimcheckError(
      'token_missing',
      `getToken failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      { retryable: true },
      { cause },
    );
  }
};

const tokenOf = (token: unknown): string => {
  if (typeof token === 'string' && token !== '') return token;
  throw new ClaimcheckError(
    'token_missing',
    'getToken gave no token. Let it return the JWT that your backend made for the user who is logged in.',
  );
};

interface HttpAnswer {
  ok: boolean;
  status: number;
  text: string;
}

const exchange = async (url: URL, init: RequestInit): Promise<HttpAnswer> => {
  try {
    const response = await fetch(url, init);
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    throw networkError(error, url);
  }
};

const parseAnswer = ({ text }: HttpAnswer, url: URL): unknown => {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClaimcheckError(
      'wrong_address',
      `${url.origin} did not answer like a Claimcheck api. Set baseUrl to the api's origin (its PUBLIC_URL), not to a web page.`,
      {},
      { cause },
    );
  }
};
