import fc from 'fast-check';
import type { Result } from '../../src/media/results/result.ts';

export interface Scenario {
  filetype: 'image/jpeg' | 'video/mp4';
  /** Epochs that were started. All results of the last one arrive; it succeeds unless it is the only one. */
  epochs: number;
  /** A failed epoch answers only with its final result, like a worker that gave up. */
  failed: boolean[];
  /** Stages of the earlier epochs that never arrived. */
  lost: boolean[][];
}

const STAGES = ['preview', 'scan', 'final'] as const;

export const scenarioArbitrary: fc.Arbitrary<Scenario> = fc.record({
  filetype: fc.constantFrom('image/jpeg' as const, 'video/mp4' as const),
  epochs: fc.integer({ min: 1, max: 3 }),
  failed: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  lost: fc.array(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 3 }),
});

const derivativesOf = (scenario: Scenario, id: string, epoch: number, stage: string): Result['processed'] => {
  const isVideo = scenario.filetype === 'video/mp4';
  const final = isVideo ? ['original', 'thumbnail'] : ['high', 'medium', 'low', 'thumbnail'];
  const qualities = stage === 'preview' ? ['thumbnail'] : stage === 'final' ? final : [];
  return qualities.map((quality) => {
    const format = quality === 'original' ? 'mp4' : isVideo ? 'jpg' : 'webp';
    return { quality, format, key: `${id}/e${epoch}/${quality}.${format}`, size: 100 + epoch };
  });
};

const resultsOfEpoch = (scenario: Scenario, id: string, epoch: number): Result[] => {
  const common = { mediaId: id, originalUrl: 'https://media.example/x', epoch };
  const mayFail = epoch < scenario.epochs || scenario.epochs === 1;
  if (mayFail && scenario.failed[epoch - 1] === true)
    return [{ ...common, success: false, stage: 'final', code: 'processing_failed', processed: [] }];
  return STAGES.map((stage) => ({
    ...common,
    success: true,
    stage,
    contentType: scenario.filetype,
    // The bytes are the same, so each epoch learns the same about them.
    ...(stage === 'scan' ? { code: 'clean' } : { width: 300, height: 400 }),
    ...(stage === 'preview' ? { thumbhash: 'YWJj' } : {}),
    processed: derivativesOf(scenario, id, epoch, stage),
  }));
};

/** Returns every result that arrives, in the order in which a worker sends them. */
export const resultsOf = (scenario: Scenario, id: string): Result[] =>
  Array.from({ length: scenario.epochs }, (_, index) => index + 1).flatMap((epoch) =>
    resultsOfEpoch(scenario, id, epoch).filter(
      (_, stage) => epoch === scenario.epochs || scenario.lost[epoch - 1]?.[stage] !== true,
    ),
  );

/** Returns a permutation of `items` by sort keys, each once per key: repetitions included. */
export const shuffled = <Item>(items: readonly Item[], keys: readonly number[], copies: number): Item[] =>
  Array.from({ length: copies }, () => items)
    .flat()
    .map((item, index) => ({ item, key: keys[index % keys.length] ?? 0, index }))
    .toSorted((a, b) => a.key - b.key || a.index - b.index)
    .map(({ item }) => item);
