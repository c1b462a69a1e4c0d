import type { CommittedFact } from '@claimcheck/database/database';
import type { Counter } from '@claimcheck/platform/process/metrics';

/** Counts uploads where their end is committed, by whichever route: each once. */
export const countUploads = (
  facts: readonly CommittedFact[],
  metrics: { uploads: Counter<'protocol' | 'outcome'>; uploadBytes: Counter },
): void => {
  for (const fact of facts) {
    if (fact.fact !== 'upload_finished') continue;
    metrics.uploads.inc({ protocol: fact.protocol, outcome: 'finished' });
    metrics.uploadBytes.inc(fact.size_bytes);
  }
};
