import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Exchange {
  method: 'POST' | 'PATCH' | 'PUT';
  url: string;
  headers: Record<string, string>;
  /** Exactly the bytes that `content-length` announces. */
  body?: Iterable<Buffer>;
  agent: http.Agent;
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** The start of the answer, for error messages. */
  text: string;
}

const TEXT_CHARACTERS = 500;

const readAnswer = async (response: http.IncomingMessage): Promise<Answer> => {
  let text = '';
  for await (const chunk of response.setEncoding('utf8'))
    if (text.length < TEXT_CHARACTERS) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
};

/** Sends one request with a streamed body. @throws when the connection fails before an answer arrives */
export const exchange = (options: Exchange): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { method, headers, agent, signal } = options;
    const request = http.request(options.url, { method, headers, agent, signal });
    request.once('response', (response) => readAnswer(response).then(resolve, reject));
    request.on('error', reject);
    if (options.body === undefined) request.end();
    // A server may answer and close before it has read everything: the answer counts, if there is one.
    else pipeline(Readable.from(options.body), request).catch(reject);
  });
