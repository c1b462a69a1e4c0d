import { RESPONSE_STAGES } from '@claimcheck/contracts/broker-events';
import { isFormat, isQuality } from './derivatives.ts';
import type { Result } from './result.ts';

export const FIELDS_WITH_KNOWN_VALUES = ['stage', 'quality', 'format', 'described'] as const;
export type FieldWithKnownValues = (typeof FIELDS_WITH_KNOWN_VALUES)[number];

/** Lists fields of a result with values that this release does not know: they are skipped and counted. */
export const unknownValues = (
  result: Pick<Result, 'stage' | 'processed' | 'dropped'>,
): FieldWithKnownValues[] => {
  const { stage, processed, dropped = [] } = result;
  const isStage = stage === undefined || (RESPONSE_STAGES as readonly string[]).includes(stage);
  return [
    ...(isStage ? [] : ['stage' as const]),
    ...dropped.map(() => 'described' as const),
    ...processed.flatMap(({ quality, format }) => [
      ...(isQuality(quality) ? [] : ['quality' as const]),
      ...(isFormat(format) ? [] : ['format' as const]),
    ]),
  ];
};
