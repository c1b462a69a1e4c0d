import type { CommittedFact } from '@claimcheck/database/database';
import type { Counter } from '@claimcheck/platform/process/metrics';

/** Counts uploads where they are committed, however they came to their end: each once. */
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
