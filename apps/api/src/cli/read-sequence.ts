import { wholeNumber } from '@claimcheck/platform/process/config';
import { UsageError } from './command.ts';

/** The number of a dead letter. @throws UsageError */
export const readSequence = (value: string | undefined): number => {
  const read = wholeNumber(1, Number.MAX_SAFE_INTEGER).safeParse(value);
  if (!read.success) throw new UsageError(`${value} is not the number of a dead letter; see dlq list`);
  return read.data;
};
