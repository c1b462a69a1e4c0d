import { AsyncLocalStorage } from 'node:async_hooks';
import { readTraceparent } from './traceparent.ts';
import type { Span, SpanOptions, Tracing } from './tracing.ts';

const UNTRACED: Span = { run: (work) => work(), end: () => undefined };

/** Records nothing; work that belongs to a caller's trace passes its `traceparent` on. */
export class PassedOnTracing implements Tracing {
  readonly isRecording = false;
  readonly #current = new AsyncLocalStorage<string>();

  traceparent(): string | undefined {
    return this.#current.getStore();
  }

  start(_name: string, { parent }: SpanOptions): Span {
    const traceparent = readTraceparent(parent);
    if (traceparent === undefined) return UNTRACED;
    return { run: (work) => this.#current.run(traceparent, work), end: () => undefined };
  }

  async close(): Promise<void> {
    // There is nothing to send.
  }
}
