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
  /** Offsets that interim responses have named so far. */
  offsets: readonly number[];
  /** Sends more of the body. */
  write(bytes: Buffer): void;
  /** Ends the body. */
  end(): void;
  /** Ends the connection from this side. */
  cut(): void;
}

export interface DraftBody {
  bytes: Buffer;
  /** Number of bytes sent before the request falls silent; by default all. */
  sent?: number;
  /** Sends no length: what is written until the end is the body. */
  isChunked?: boolean;
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
    headers: {
      ...(body === undefined || body.isChunked === true ? {} : { 'content-length': body.bytes.length }),
      ...headers,
    },
  });
  const offsets: number[] = [];
  request.on('information', (info) => {
    const offset = info.headers['upload-offset'];
    if (offset !== undefined) offsets.push(Number(offset));
    if (info.statusCode === 104) announced.resolve({ status: 104, headers: info.headers });
  });
  request.once('response', (response) => {
    response.resume();
    answer.resolve({ status: response.statusCode ?? 0, headers: response.headers });
  });
  request.on('error', () => answer.resolve(undefined));
  if (body === undefined) request.end();
  else if (body.sent === undefined && body.isChunked !== true) request.end(body.bytes);
  else request.write(body.bytes.subarray(0, body.sent), () => sent.resolve());
  return {
    announced: announced.promise,
    answer: answer.promise,
    sent: sent.promise,
    offsets,
    write: (bytes) => void request.write(bytes),
    end: () => void request.end(),
    cut: () => request.destroy(),
  };
};
