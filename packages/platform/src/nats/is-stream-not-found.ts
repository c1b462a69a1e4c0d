import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';

/** Whether the broker answered that there is no such stream. */
export const isStreamNotFound = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
