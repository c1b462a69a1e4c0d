import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type TextMapSetter,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import {
  type ExportResult,
  ExportResultCode,
  parseTraceParent,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { readTraceparent } from './traceparent.ts';
import type { Span, SpanOptions, Tracing, TracingOptions } from './tracing.ts';

const KINDS: Record<SpanOptions['kind'], SpanKind> = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  internal: SpanKind.INTERNAL,
};

const setter: TextMapSetter<Map<string, string>> = { set: (carrier, key, value) => carrier.set(key, value) };
const propagator = new W3CTraceContextPropagator();

const traceparentOf = (context: Context): string | undefined => {
  const carrier = new Map<string, string>();
  propagator.inject(context, carrier, setter);
  return carrier.get('traceparent');
};

/** Reports a receiver that is down: an operator without a trace finds the reason in the log. */
class ReportingExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #onLost: TracingOptions['onLost'];

  constructor(exporter: SpanExporter, onLost: TracingOptions['onLost']) {
    this.#exporter = exporter;
    this.#onLost = onLost;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      if (result.code !== ExportResultCode.SUCCESS) this.#onLost(spans.length, result.error);
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}

/** Records spans with OpenTelemetry and sends them by OTLP/HTTP in batches. It registers nothing globally. */
export class OtlpTracing implements Tracing {
  readonly isRecording = true;
  readonly #current = new AsyncLocalStorage<Context>();
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  constructor(options: TracingOptions & { endpoint: string }) {
    const exporter = new OTLPTraceExporter({
      url: `${options.endpoint}/v1/traces`,
      headers: { ...options.headers },
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': options.service }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampled) }),
      spanProcessors: [new BatchSpanProcessor({ exporter: new ReportingExporter(exporter, options.onLost) })],
    });
    this.#tracer = this.#provider.getTracer('claimcheck');
  }

  traceparent(): string | undefined {
    const context = this.#current.getStore();
    return context && traceparentOf(context);
  }

  start(name: string, { kind, parent, attributes = {} }: SpanOptions): Span {
    const above = this.#parentContext(parent);
    const span = this.#tracer.startSpan(name, { kind: KINDS[kind], attributes: { ...attributes } }, above);
    const context = trace.setSpan(above, span);
    return {
      run: (work) => this.#current.run(context, work),
      end: ({ attributes: learned = {}, error } = {}) => {
        span.setAttributes({ ...learned });
        if (error !== undefined) {
          const message = error instanceof Error ? error.message : 'failed';
          span.setStatus({ code: SpanStatusCode.ERROR, message });
        }
        span.end();
      },
    };
  }

  async close(): Promise<void> {
    // The loss was reported already, and must not fail the shutdown.
    await this.#provider.shutdown().catch(() => undefined);
  }

  #parentContext(parent: string | undefined): Context {
    const remote = parseTraceParent(readTraceparent(parent) ?? '');
    if (remote === null) return this.#current.getStore() ?? ROOT_CONTEXT;
    return trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
  }
}
