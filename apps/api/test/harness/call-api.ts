import type { TestApi } from './test-api.ts';

export interface CallOptions {
  /** A bearer token; undefined: none is sent. */
  token?: string | undefined;
  body?: object | undefined;
  headers?: Record<string, string>;
}

/** Sends one request to the api under test; does not follow redirects. */
export const callApi = (
  api: Pick<TestApi, 'url'>,
  method: string,
  path: string,
  { token, body, headers = {} }: CallOptions = {},
): Promise<Response> =>
  fetch(`${api.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
