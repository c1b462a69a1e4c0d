import { Counter, Gauge, type Registry } from '@claimcheck/platform/process/metrics';
import { type OnStorageRequest, STORAGE_OPERATIONS } from '@claimcheck/platform/s3/request-handler';

/** In any one currency; 0 where nothing is known. */
export interface StoragePrices {
  gigabyteMonth: number;
  thousandWrites: number;
  thousandReads: number;
}

const GIGABYTE = 1e9;
const CLASSES = ['source', 'derivative'] as const;

/** What the store is asked and keeps, and what that costs. */
export const createStorageMetrics = (registry: Registry, prices: StoragePrices) => {
  const registers = [registry];
  const requests = new Counter({
    name: 'claimcheck_storage_requests_total',
    help: 'Requests to the store, repetitions too',
    labelNames: ['operation'],
    registers,
  });
  for (const operation of STORAGE_OPERATIONS) requests.inc({ operation }, 0);
  const storedBytes = new Gauge({
    name: 'claimcheck_stored_bytes',
    help: 'Bytes kept, as the sweeper counted them last; source: what uploads take or reserve',
    labelNames: ['class'],
    registers,
  });
  for (const kind of CLASSES) storedBytes.set({ class: kind }, 0);
  new Gauge({
    name: 'claimcheck_storage_cost_estimate',
    help: 'What is kept costs so much a month, by the configured price',
    registers,
    async collect() {
      const { values } = await storedBytes.get();
      const bytes = values.reduce((sum, { value }) => sum + value, 0);
      this.set((bytes / GIGABYTE) * prices.gigabyteMonth);
    },
  });
  new Counter({
    name: 'claimcheck_storage_requests_cost_estimate_total',
    help: 'What this process asked of the store cost so much, by the configured prices',
    registers,
    async collect() {
      const { values } = await requests.get();
      const cost = values.reduce((sum, { labels, value }) => {
        const isRead = labels.operation === 'GET' || labels.operation === 'HEAD';
        // Stores don't bill deletions.
        const price =
          labels.operation === 'DELETE' ? 0 : isRead ? prices.thousandReads : prices.thousandWrites;
        return sum + (value / 1_000) * price;
      }, 0);
      this.reset();
      this.inc(cost);
    },
  });
  const onStorageRequest: OnStorageRequest = (operation) => requests.inc({ operation });
  return { storedBytes, onStorageRequest };
};
