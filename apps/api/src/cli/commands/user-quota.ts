import { hostId } from '@claimcheck/contracts/ids';
import { readAllowance, setUserLimit, type UserLimit } from '../../media/quota/allowance.ts';
import { type Command, type OptionValue, UsageError } from '../command.ts';
import { withOperator } from '../operator.ts';
import { toFields } from '../to-lines.ts';

/** @returns undefined to leave the limit unchanged, null for the configured one. @throws UsageError */
const numberOf = (name: string, value: OptionValue): number | null | undefined => {
  if (value === undefined) return undefined;
  if (value === 'default') return null;
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value))
    throw new UsageError(`--${name} must be a whole number, or default`);
  return Number(value);
};

/** A larger number does not fit its column. */
const countOf = (name: string, value: OptionValue): number | null | undefined => {
  const number = numberOf(name, value);
  if (typeof number === 'number' && number > 2_147_483_647) throw new UsageError(`--${name} is too large`);
  return number;
};

const readChange = (options: Record<string, OptionValue>): Partial<UserLimit> => {
  const bytes = numberOf('bytes', options.bytes);
  const open = countOf('open', options.open);
  const perDay = countOf('per-day', options['per-day']);
  return {
    ...(bytes === undefined ? {} : { quota_bytes: bytes === null ? null : BigInt(bytes) }),
    ...(open === undefined ? {} : { max_open_uploads: open }),
    ...(perDay === undefined ? {} : { max_uploads_per_day: perDay }),
  };
};

/** JSON has no BigInt. */
const limitsIn = ({ quota_bytes, ...counts }: Partial<UserLimit>) => ({
  ...counts,
  ...(quota_bytes === undefined ? {} : { quota_bytes: quota_bytes === null ? null : Number(quota_bytes) }),
});

export const userQuotaCommand: Command = {
  name: 'user quota',
  summary: 'what a user may keep and has taken; with options, allows this user something else',
  positionals: ['id'],
  isAudited: true,
  options: { bytes: { type: 'string' }, open: { type: 'string' }, 'per-day': { type: 'string' } },
  optionHelp: [
    '--bytes <n|default>    bytes of all media objects and unfinished uploads',
    '--open <n|default>     unfinished uploads',
    '--per-day <n|default>  uploads started in a day (UTC)',
  ],
  run: async ({ positionals, options, env, json, print, audit }) => {
    const user = hostId.safeParse(positionals[0]);
    if (!user.success) throw new UsageError(`${positionals[0]} is not the id of a user`);
    const change = readChange(options);
    const { limits, used } = await withOperator(env, async ({ database, settings }) => {
      if (Object.keys(change).length > 0) {
        await setUserLimit(database.client, user.data, change);
        audit({ user_id: user.data, ...limitsIn(change) });
      }
      return readAllowance(database, settings, user.data);
    });
    const answer = {
      user_id: user.data,
      quota_bytes: limits.userQuotaBytes ?? null,
      used_bytes: Number(used.bytes),
      max_open_uploads: limits.maxOpenUploads,
      open_uploads: used.open_uploads,
      max_uploads_per_day: limits.maxUploadsPerDay ?? null,
      uploads_today: used.uploads_today,
    };
    print(json ? JSON.stringify(answer) : toFields(answer).join('\n'));
    return 0;
  },
};
