import { z } from 'zod';
import { httpUrl, list } from '../process/config.ts';

const header = /^([A-Za-z0-9-]+)=(.+)$/;

/** `name=value,name=value` with percent-encoded values, like OpenTelemetry's own variable. */
const headerList = list
  .refine((entries) => entries.every((entry) => header.test(entry)), 'must be a list of name=value')
  .transform((entries) =>
    Object.fromEntries(
      entries.map((entry) => {
        const [, name = '', value = ''] = header.exec(entry) ?? [];
        return [name, decodeURIComponent(value)];
      }),
    ),
  );

/** Variables of a process that takes part in traces, under OpenTelemetry's names. */
export const traceVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl
    .optional()
    .describe(
      "Base URL of an OTLP/HTTP receiver of traces. Without one nothing is recorded; a caller's `traceparent` is passed on all the same.",
    ),
  OTEL_EXPORTER_OTLP_HEADERS: headerList
    .default({})
    .describe('Headers for the receiver: `name=value,…`, values percent-encoded.'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/, 'must be a share between 0 and 1, such as 0.1')
    .transform(Number)
    .meta({ takes: '0 to 1' })
    .default(1)
    .describe("Share of the traces that start here which are recorded; a caller's decision is kept."),
};

/** Returns the settings of {@link traceVariables} for `createTracing`. */
export const toTraceSettings = (read: {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_HEADERS: Record<string, string>;
  OTEL_TRACES_SAMPLER_ARG: number;
}) => ({
  endpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT,
  headers: read.OTEL_EXPORTER_OTLP_HEADERS,
  sampled: read.OTEL_TRACES_SAMPLER_ARG,
});
