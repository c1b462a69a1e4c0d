const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * A trace's identity as it travels in headers; undefined for anything else, whoever sent it.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export const readTraceparent = (header: unknown): string | undefined =>
  typeof header === 'string' && TRACEPARENT.test(header) ? header : undefined;
