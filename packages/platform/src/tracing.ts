import { PassedOnTracing } from './passed-on-tracing.ts';

export interface SpanOptions {
  kind: 'server' | 'consumer' | 'producer' | 'internal';
  /** `traceparent` of what asked for it; without one it belongs to what runs now, or begins a trace. */
  parent?: string | undefined;
  attributes?: Readonly<Record<string, string | number>>;
}

/** Something that takes time, and belongs to a trace. */
export interface Span {
  /** What `work` does, also later and elsewhere that it leads to, belongs to it. */
  run<Result>(work: () => Result): Result;
  end(outcome?: { attributes?: Readonly<Record<string, string | number>>; error?: unknown }): void;
}

/** Traces across processes: W3C `traceparent` in requests, outbox and broker headers. */
export interface Tracing {
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
  /** Told of batches that did not arrive. */
  onLost: (spans: number, error: unknown) => void;
}

export const createTracing = async (options: TracingOptions): Promise<Tracing> => {
  const { endpoint } = options;
  if (endpoint === undefined) return new PassedOnTracing();
  // Loaded here only: who records nothing does not pay for it.
  const { OtlpTracing } = await import('./otlp-tracing.ts');
  return new OtlpTracing({ ...options, endpoint });
};

/** Runs `work` as a span, which ends with it. */
export const inSpan = async <Result>(
  tracing: Tracing,
  name: string,
  options: SpanOptions,
  work: () => Promise<Result>,
): Promise<Result> => {
  const span = tracing.start(name, options);
  try {
    const result = await span.run(work);
    span.end();
    return result;
  } catch (error) {
    span.end({ error });
    throw error;
  }
};
