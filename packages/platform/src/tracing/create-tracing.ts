import { PassedOnTracing } from './passed-on-tracing.ts';
import type { Tracing, TracingOptions } from './tracing.ts';

export const createTracing = async (options: TracingOptions): Promise<Tracing> => {
  const { endpoint } = options;
  if (endpoint === undefined) return new PassedOnTracing();
  // Loaded on demand: a process that records nothing does not pay for it.
  const { OtlpTracing } = await import('./otlp-tracing.ts');
  return new OtlpTracing({ ...options, endpoint });
};
