import { CONSUMERS } from '@claimcheck/contracts/subjects';
import { wholeNumber } from '@claimcheck/platform/process/config';
import { type OptionValue, UsageError } from './command.ts';

/** Reads the number of a dead letter. @throws UsageError */
export const readSequence = (value: string | undefined): number => {
  const read = wholeNumber(1, Number.MAX_SAFE_INTEGER).safeParse(value);
  if (!read.success) throw new UsageError(`${value} is not the number of a dead letter; see dlq list`);
  return read.data;
};

/** Reads `--consumer` where it is given. @throws UsageError that names the consumers */
export const readConsumer = (value: OptionValue): string | undefined => {
  if (value === undefined) return undefined;
  const known: readonly string[] = Object.values(CONSUMERS);
  if (typeof value !== 'string' || !known.includes(value))
    throw new UsageError(`--consumer wants one of ${known.join(', ')}`);
  return value;
};
