import http from 'node:http';

/** An answer of the server, interim or final. */
interface DraftAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
}

export interface DraftExchange {
  /** The first 104 of this request. */
  announced: Promise<DraftAnswer>;
  /** Undefined when the connection ended before an answer. */
  answer: Promise<DraftAnswer | undefined>;
  /** Resolves when the bytes have been sent. */
  sent: Promise<void>;
  /** Ends the connection from this side. */
  cut(): void;
}

export interface DraftBody {
  bytes: Buffer;
  /** Number of bytes sent before the request falls silent; by default all. */
  sent?: number;
}

/**
 * Sends a request of the IETF draft like URLSession: the same headers each time, the interop version with every request, and
 * the URL of the upload from the 104.
 */
export const sendDraft = (
  url: string,
  method: string,
  headers: http.OutgoingHttpHeaders,
  body?: DraftBody,
): DraftExchange => {
  const announced = Promise.withResolvers<DraftAnswer>();
  const answer = Promise.withResolvers<DraftAnswer | undefined>();
  const sent = Promise.withResolvers<void>();
  const request = http.request(url, {
    method,
    agent: false,
    headers: { ...(body === undefined ? {} : { 'content-length': body.bytes.length }), ...headers },
  });
  request.on('information', (info) => {
    if (info.statusCode === 104) announced.resolve({ status: 104, headers: info.headers });
  });
  request.once('response', (response) => {
    response.resume();
    answer.resolve({ status: response.statusCode ?? 0, headers: response.headers });
  });
  request.on('error', () => answer.resolve(undefined));
  if (body === undefined) request.end();
  else if (body.sent === undefined) request.end(body.bytes);
  else request.write(body.bytes.subarray(0, body.sent), () => sent.resolve());
  return {
    announced: announced.promise,
    answer: answer.promise,
    sent: sent.promise,
    cut: () => request.destroy(),
  };
};
