import { CONSUMERS } from '@claimcheck/contracts/subjects';
import { type OptionValue, UsageError } from './command.ts';

/** `--consumer`, where it is given. @throws UsageError naming the consumers that there are */
export const readConsumer = (value: OptionValue): string | undefined => {
  if (value === undefined) return undefined;
  const known: readonly string[] = Object.values(CONSUMERS);
  if (typeof value !== 'string' || !known.includes(value))
    throw new UsageError(`--consumer wants one of ${known.join(', ')}`);
  return value;
};
