import { ClaimcheckError, errorOfAnswer, networkError } from './claimcheck-error.ts';
import type { Tokens } from './tokens.ts';

export type HttpMethod = 'GET' | 'POST' | 'DELETE';

export interface Http {
  readonly baseUrl: string;
  /** The host's tokens. Absent where requests need none. */
  readonly tokens?: Tokens | undefined;
  /** Returns the parsed JSON body. Throws ClaimcheckError. `path` may be an address of the same service. */
  request<Answer>(
    method: HttpMethod,
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<Answer>;
}

export interface RequestOptions {
  signal?: AbortSignal | undefined;
  /** Headers that replace the user's token, such as those of an upload's ticket. */
  headers?: Record<string, string>;
}

/** Longest wait for an answer. No call takes longer, not even a long-poll, so the connection must be lost. */
const TIMEOUT_MS = 30_000;

export const createHttp = (baseUrl: string, tokens?: Tokens): Http => {
  const send = async (call: Call, token: string | undefined) => {
    const headers = new Headers({ accept: 'application/json', ...call.headers });
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    if (call.body !== undefined) headers.set('content-type', 'application/json');
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    return exchange(new URL(call.path, baseUrl), {
      method: call.method,
      headers,
      signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
  };

  /** Sends the request with the user's token, and once more with another token when the server refuses the first. */
  const sendWithToken = async (call: Call) => {
    if (!tokens) return send(call, undefined);
    let token: string | undefined = await tokens.get();
    let answer = await send(call, token);
    if (answer.status === 401) {
      token = await tokens.replace(token);
      if (token !== undefined) answer = await send(call, token);
      if (token !== undefined && answer.status === 401) tokens.refuse(token);
    }
    if (answer.status !== 401) tokens.accept();
    return answer;
  };

  return {
    baseUrl,
    tokens,
    async request<Answer>(
      method: HttpMethod,
      path: string,
      body?: unknown,
      options: RequestOptions = {},
    ): Promise<Answer> {
      const { authorization: ticket, ...headers } = options.headers ?? {};
      const call = { method, path, body, headers, signal: options.signal };
      let answer =
        ticket === undefined
          ? await sendWithToken(call)
          : await send({ ...call, headers: { ...headers, authorization: ticket } }, undefined);
      // The user may do everything that a ticket allows, so an expired ticket need not be renewed.
      if (answer.status === 401 && ticket !== undefined) answer = await sendWithToken(call);
      if (!answer.ok) throw errorOfAnswer(answer.status, answer.text);
      return parseAnswer(answer, new URL(path, baseUrl)) as Answer;
    },
  };
};

interface Call {
  method: HttpMethod;
  path: string;
  body: unknown;
  headers: Record<string, string>;
  signal: AbortSignal | undefined;
}

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
