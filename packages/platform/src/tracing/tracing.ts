export interface SpanOptions {
  kind: 'server' | 'consumer' | 'producer' | 'internal';
  /** `traceparent` of the request. Without one, the span belongs to the current trace, or starts one. */
  parent?: string | undefined;
  attributes?: Readonly<Record<string, string | number>>;
}

/** A timed piece of work that belongs to a trace. */
export interface Span {
  /** The work of `work`, even later and elsewhere, belongs to it. */
  run<Result>(work: () => Result): Result;
  end(outcome?: { attributes?: Readonly<Record<string, string | number>>; error?: unknown }): void;
}

/** Traces across processes: W3C `traceparent` in requests, outbox and broker headers. */
export interface Tracing {
  /** False: names, attributes and ends of spans are dropped; only callers' traces are passed on. */
  readonly isRecording: boolean;
  /** `traceparent` of the current work, to send along; undefined outside a trace. */
  traceparent(): string | undefined;
  start(name: string, options: SpanOptions): Span;
  /** Sends the recorded spans. */
  close(): Promise<void>;
}

export interface TracingOptions {
  /** Shown as `service.name`. */
  service: string;
  /** Base URL of an OTLP/HTTP receiver. Without one nothing is recorded, and callers' traces are passed on. */
  endpoint: string | undefined;
  /** Headers for the receiver, mostly our credentials. */
  headers: Readonly<Record<string, string>>;
  /** Share of traces starting here that is recorded, 0 to 1; callers' decisions are kept. */
  sampled: number;
  /** Called with batches that did not arrive. */
  onLost: (spans: number, error: unknown) => void;
}

const runInSpan = async <Result>(span: Span, work: () => Promise<Result>): Promise<Result> => {
  try {
    const result = await span.run(work);
    span.end();
    return result;
  } catch (error) {
    span.end({ error });
    throw error;
  }
};

/** Runs `work` in a span that ends with it; without anything to record or pass on, only runs it. */
export const inSpan = <Result>(
  tracing: Tracing,
  name: string,
  options: SpanOptions,
  work: () => Promise<Result>,
): Promise<Result> => {
  // The broker's client returns an empty text for a missing header.
  const belongsToNothing = options.parent === undefined || options.parent === '';
  if (!tracing.isRecording && belongsToNothing) return work();
  return runInSpan(tracing.start(name, options), work);
};
