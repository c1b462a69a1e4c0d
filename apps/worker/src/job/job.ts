import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';
import type { Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import type { Logger } from '@claimcheck/platform/process/logger';
import { inSpan, type Tracing } from '@claimcheck/platform/tracing/tracing';
import type { StepName, StepOutcome, WorkerMetrics } from '../metrics.ts';
import { MediaFailure } from './media-failure.ts';

/** One request in work: the data that the steps of a lane share. */
export class Job {
  readonly request: OptimizeRequest;
  /** Folder of this job only, removed when it ends. */
  readonly folder: string;
  /** Bytes that the folder may hold. */
  readonly diskBytes: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly failpoint: Failpoint;
  readonly #metrics: WorkerMetrics;
  readonly #tracing: Tracing;

  constructor(options: {
    request: OptimizeRequest;
    folder: string;
    diskBytes: number;
    signal: AbortSignal;
    logger: Logger;
    failpoint: Failpoint;
    metrics: WorkerMetrics;
    tracing: Tracing;
  }) {
    this.request = options.request;
    this.folder = options.folder;
    this.diskBytes = options.diskBytes;
    this.signal = options.signal;
    this.logger = options.logger;
    this.failpoint = options.failpoint;
    this.#metrics = options.metrics;
    this.#tracing = options.tracing;
  }

  /** Runs a named step, unless the job was aborted; counts, times and traces it. */
  async step<T>(name: StepName, run: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const stopTimer = this.#metrics.jobDuration.startTimer({ step: name });
    let outcome: StepOutcome = 'success';
    try {
      return await inSpan(this.#tracing, `step ${name}`, { kind: 'internal' }, run);
    } catch (error) {
      outcome = error instanceof MediaFailure ? 'failed' : this.signal.aborted ? 'aborted' : 'error';
      throw error;
    } finally {
      stopTimer();
      this.#metrics.jobs.inc({ step: name, outcome });
    }
  }
}
