import type { Database } from '@claimcheck/database/database';
import { Counter, createRegistry, Gauge, Histogram, type Registry } from '@claimcheck/platform/metrics';

export type Metrics = ReturnType<typeof createMetrics>;

/** Every metric of the api; labels are bounded, never ids. */
export const createMetrics = (database: Database) => {
  const registry: Registry = createRegistry();
  const registers = [registry];

  /** Waiting outbox messages and the age of the oldest, asked for when somebody scrapes. */
  const outboxPending = new Gauge({
    name: 'claimcheck_outbox_pending',
    help: 'Outbox messages that are not published yet',
    registers,
  });
  new Gauge({
    name: 'claimcheck_outbox_oldest_age_seconds',
    help: 'Age of the oldest outbox message that is not published yet',
    registers,
    async collect() {
      const rows = await database.client.$queryRaw<{ pending: bigint; age: number | null }[]>`
        SELECT count(*) AS pending, extract(epoch FROM now() - min(created_at))::float8 AS age
        FROM outbox WHERE published_at IS NULL`;
      outboxPending.set(Number(rows[0]?.pending ?? 0));
      this.set(rows[0]?.age ?? 0);
    },
  });

  return {
    registry,
    uploads: new Counter({
      name: 'claimcheck_uploads_total',
      help: 'Uploads by outcome',
      labelNames: ['protocol', 'outcome'],
      registers,
    }),
    uploadBytes: new Counter({
      name: 'claimcheck_upload_bytes_total',
      help: 'Bytes of finished uploads',
      registers,
    }),
    downloads: new Counter({
      name: 'claimcheck_downloads_total',
      help: 'Authorised downloads and refusals',
      labelNames: ['quality', 'outcome'],
      registers,
    }),
    results: new Counter({
      name: 'claimcheck_results_total',
      help: 'Results of workers by what became of them',
      labelNames: ['outcome'],
      registers,
    }),
    outboxPublished: new Counter({
      name: 'claimcheck_outbox_published_total',
      help: 'Outbox messages confirmed by the broker',
      registers,
    }),
    authorizationFailures: new Counter({
      name: 'claimcheck_authorization_failures_total',
      help: 'Requests without a valid token',
      labelNames: ['surface', 'reason'],
      registers,
    }),
    httpDuration: new Histogram({
      name: 'claimcheck_http_request_duration_seconds',
      help: 'Time to answer, uploads and long-polls included',
      labelNames: ['method', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 30],
      registers,
    }),
  };
};
