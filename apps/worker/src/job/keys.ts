import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';
import type { DerivedQuality, Format } from '@claimcheck/contracts/media';

/** A request without an epoch is of the current one; its results still need a place and an id. */
const epochOf = (request: OptimizeRequest): number => request.epoch ?? 1;

/** Everything that this epoch makes lies under it. Ends in a slash. */
export const epochPrefix = (request: OptimizeRequest): string => `${request.mediaId}/e${epochOf(request)}/`;

export const derivativeKey = (request: OptimizeRequest, quality: DerivedQuality, format: Format): string =>
  `${epochPrefix(request)}${quality}.${format}`;

export const hlsKey = (request: OptimizeRequest, file: string): string =>
  `${epochPrefix(request)}hls/${file}`;

/** `Nats-Msg-Id`: the same stage of the same epoch is published once. */
export const messageId = (request: OptimizeRequest, stage: string): string =>
  `${request.mediaId}:${epochOf(request)}:${stage}`;
