import { z } from 'zod';

/** What every process reads that reaches the broker. */
export const brokerVariables = { NATS_URL: z.string().min(1) };

/** One subject of the broker, no wildcard: it is published to. */
const subject = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'must be words of [A-Za-z0-9_-] with dots between them');

/** What api and worker read alike: the subjects between them. */
export const subjectVariables = {
  SUBJECT_OPTIMIZE_REQUEST: subject.optional(),
  SUBJECT_OPTIMIZE_RESPONSE: subject.optional(),
  SUBJECT_VIRUS: subject.optional(),
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
