import { z } from 'zod';

/** What every process reads that reaches the broker. */
export const brokerVariables = {
  NATS_URL: z
    .string()
    .min(1)
    .describe(
      'One or more servers with JetStream, comma-separated, with user and password: `nats://user:password@host:4222`.',
    ),
};

/** One subject of the broker, no wildcard: it is published to. */
const subject = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'must be words of [A-Za-z0-9_-] with dots between them');

/** What api and worker read alike: the subjects between them. */
export const subjectVariables = {
  SUBJECT_OPTIMIZE_REQUEST: subject.optional().meta({
    description:
      'Replaces the subject of requests. Must be the same in every process; `claimcheck doctor` compares.',
    byDefault: '`{app}.media.optimize.request`',
  }),
  SUBJECT_OPTIMIZE_RESPONSE: subject.optional().meta({
    description: 'Replaces the subject of responses.',
    byDefault: '`{app}.media.optimize.response`',
  }),
  SUBJECT_VIRUS: subject.optional().meta({
    description: 'Replaces the subject of virus events.',
    byDefault: '`{app}.media.optimize.response.virus`',
  }),
};

/** What {@link subjectVariables} say, for `Bus.connect`. */
export const toSubjectOverrides = (read: {
  SUBJECT_OPTIMIZE_REQUEST?: string | undefined;
  SUBJECT_OPTIMIZE_RESPONSE?: string | undefined;
  SUBJECT_VIRUS?: string | undefined;
}) => ({
  optimizeRequest: read.SUBJECT_OPTIMIZE_REQUEST,
  optimizeResponse: read.SUBJECT_OPTIMIZE_RESPONSE,
  virus: read.SUBJECT_VIRUS,
});
