export interface SpanOptions {
  kind: 'server' | 'consumer' | 'producer' | 'internal';
  /** `traceparent` of what asked for it; without one it belongs to what runs now, or begins a trace. */
  parent?: string | undefined;
  attributes?: Readonly<Record<string, string | number>>;
}

/** A timed piece of work that belongs to a trace. */
export interface Span {
  /** What `work` does, also later and elsewhere that it leads to, belongs to it. */
  run<Result>(work: () => Result): Result;
  end(outcome?: { attributes?: Readonly<Record<string, string | number>>; error?: unknown }): void;
}

/** Traces across processes: W3C `traceparent` in requests, outbox and broker headers. */
export interface Tracing {
  /** False: names, attributes and ends of spans are dropped; only callers' traces are passed on. */
  readonly isRecording: boolean;
  /** Of what runs now, to be sent along; undefined outside of any trace. */
  traceparent(): string | undefined;
  start(name: string, options: SpanOptions): Span;
  /** Sends what is recorded. */
  close(): Promise<void>;
}

export interface TracingOptions {
  /** Shown as `service.name`. */
  service: string;
  /** Base URL of an OTLP/HTTP receiver; without one nothing is recorded, and traces of others are passed on. */
  endpoint: string | undefined;
  /** Sent to the receiver: mostly who we are. */
  headers: Readonly<Record<string, string>>;
  /** Share of the traces that begin here which are recorded; others' decisions are kept. 0 to 1. */
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

/** Runs `work` as a span, which ends with it. Where there is nothing to record or to pass on, just runs it. */
export const inSpan = <Result>(
  tracing: Tracing,
  name: string,
  options: SpanOptions,
  work: () => Promise<Result>,
): Promise<Result> => {
  // Headers of the broker that are missing are read as an empty text.
  const belongsToNothing = options.parent === undefined || options.parent === '';
  if (!tracing.isRecording && belongsToNothing) return work();
  return runInSpan(tracing.start(name, options), work);
};
