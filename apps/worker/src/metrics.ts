import {
  Counter,
  createRegistry,
  Gauge,
  Histogram,
  type Registry,
} from '@claimcheck/platform/process/metrics';
import { type OnStorageRequest, STORAGE_OPERATIONS } from '@claimcheck/platform/s3/request-handler';

const STEPS = [
  'fetch',
  'inspect',
  'preview',
  'scan',
  'quarantine',
  'derive',
  'store',
  'transcode',
  'respond',
] as const;
export type StepName = (typeof STEPS)[number];

/** `failed`: the media object's own fault; `error`: ours, retried; `aborted`: the worker stops. */
const STEP_OUTCOMES = ['success', 'failed', 'error', 'aborted'] as const;
export type StepOutcome = (typeof STEP_OUTCOMES)[number];

const DELIVERY_OUTCOMES = ['done', 'retry', 'dead_letter'] as const;

export interface WorkerMetrics {
  registry: Registry;
  jobs: Counter<'step' | 'outcome'>;
  jobDuration: Histogram<'step'>;
  deliveries: Counter<'consumer' | 'outcome'>;
  /** Shows how many bytes the folders of the jobs have reserved. */
  diskReserved: (read: () => number) => void;
  onStorageRequest: OnStorageRequest;
  /** Shows the age of the scanner's signatures at each scrape; undefined without a date. Seconds. */
  watchSignatures: (age: () => Promise<number | undefined>) => void;
}

/** Every series starts at 0, so that a rate includes the first event. */
export const createMetrics = (consumers: readonly string[]): WorkerMetrics => {
  const registry = createRegistry();
  const jobs = new Counter({
    name: 'claimcheck_jobs_total',
    help: 'Processing steps ended, by outcome.',
    labelNames: ['step', 'outcome'] as const,
    registers: [registry],
  });
  const jobDuration = new Histogram({
    name: 'claimcheck_job_duration_seconds',
    help: 'Duration of processing steps.',
    labelNames: ['step'] as const,
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_000],
    registers: [registry],
  });
  const deliveries = new Counter({
    name: 'claimcheck_deliveries_total',
    help: 'Requests taken from the broker, by the outcome of the delivery.',
    labelNames: ['consumer', 'outcome'] as const,
    registers: [registry],
  });
  for (const step of STEPS) {
    jobDuration.zero({ step });
    for (const outcome of STEP_OUTCOMES) jobs.inc({ step, outcome }, 0);
  }
  for (const consumer of consumers)
    for (const outcome of DELIVERY_OUTCOMES) deliveries.inc({ consumer, outcome }, 0);
  const diskReserved = (read: () => number): void => {
    new Gauge({
      name: 'claimcheck_job_disk_reserved_bytes',
      help: 'Disk that the jobs in work have reserved.',
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  const storageRequests = new Counter({
    name: 'claimcheck_storage_requests_total',
    help: 'Requests to the store, repetitions too.',
    labelNames: ['operation'] as const,
    registers: [registry],
  });
  for (const operation of STORAGE_OPERATIONS) storageRequests.inc({ operation }, 0);
  const watchSignatures: WorkerMetrics['watchSignatures'] = (age) => {
    new Gauge({
      name: 'claimcheck_scanner_signature_age_seconds',
      help: "Age of the scanner's signatures; 0 when it names no date.",
      registers: [registry],
      async collect() {
        this.set((await age().catch(() => undefined)) ?? 0);
      },
    });
    new Gauge({
      name: 'claimcheck_scanner_up',
      help: '1 when the scanner answers.',
      registers: [registry],
      async collect() {
        this.set(
          await age().then(
            () => 1,
            () => 0,
          ),
        );
      },
    });
  };
  const onStorageRequest: OnStorageRequest = (operation) => storageRequests.inc({ operation });
  return { registry, jobs, jobDuration, deliveries, diskReserved, onStorageRequest, watchSignatures };
};
