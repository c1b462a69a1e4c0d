import { randomUUID } from 'node:crypto';
import {
  type OptimizeRequest,
  type OptimizeResponse,
  optimizeResponseSchema,
  type ResponseStage,
  type VirusEvent,
  virusEventSchema,
} from '@claimcheck/contracts/broker-events';
import { FAILURES, type FailureCode } from '@claimcheck/contracts/errors';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { epochOf } from './epoch-of.ts';

export type ResponseFields = Partial<
  Pick<
    OptimizeResponse,
    | 'processed'
    | 'kind'
    | 'waveform'
    | 'pageCount'
    | 'code'
    | 'scan'
    | 'width'
    | 'height'
    | 'durationMs'
    | 'thumbhash'
    | 'sha256'
    | 'contentType'
    | 'percent'
    | 'scanner'
    | 'error'
    | 'worker'
  >
>;

/** Publishes the worker's answers. Each resolves when the broker has it; the broker drops repeated ones. */
export class Responses {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  succeed(request: OptimizeRequest, stage: ResponseStage, fields: ResponseFields): Promise<void> {
    const id = idOf(stage, fields);
    return this.#publish(request, id, { success: true, stage, ...fields });
  }

  fail(
    request: OptimizeRequest,
    failure: { code: FailureCode; retryable: boolean },
    fields: ResponseFields = {},
  ): Promise<void> {
    const { code, retryable } = failure;
    return this.#publish(request, 'final', {
      ...fields,
      success: false,
      stage: 'final',
      code,
      retryable,
      error: FAILURES[code],
    });
  }

  /** Answers a rescan whose source could not be read; the media object does not change. */
  rescanFailed(request: OptimizeRequest, { code }: { code: FailureCode }): Promise<void> {
    const fields = { success: false, stage: 'rescan', code, error: FAILURES[code] } as const;
    return this.#publish(request, `rescan:${randomUUID()}`, fields);
  }

  async infected(request: OptimizeRequest, event: VirusEvent): Promise<void> {
    const payload = JSON.stringify(virusEventSchema.parse(event));
    await this.#bus.publish(this.#bus.subjects.virus, payload, { messageId: messageId(request, 'virus') });
  }

  async #publish(
    request: OptimizeRequest,
    id: string,
    fields: ResponseFields & Pick<OptimizeResponse, 'success' | 'stage' | 'retryable' | 'error'>,
  ): Promise<void> {
    const response = optimizeResponseSchema.parse({
      mediaId: request.mediaId,
      originalUrl: request.mediaUrl,
      epoch: request.epoch,
      ...fields,
    });
    await this.#bus.publish(this.#bus.subjects.optimizeResponse, JSON.stringify(response), {
      messageId: messageId(request, id),
    });
  }
}

/** The broker drops a known id, so an answer that may be repeated needs a new one. */
const idOf = (stage: ResponseStage, { percent }: ResponseFields): string => {
  if (stage === 'progress') return `${stage}:${percent}`;
  return stage === 'rescan' ? `${stage}:${randomUUID()}` : stage;
};

/** Returns the `Nats-Msg-Id`: the broker keeps one message of each stage of an epoch. */
const messageId = (request: OptimizeRequest, stage: string): string =>
  `${request.mediaId}:${epochOf(request)}:${stage}`;
