import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';

/** Returns whether the broker answered that the stream does not exist. */
export const isStreamNotFound = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
