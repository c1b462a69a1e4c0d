import { Database } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { wholeNumber } from '@claimcheck/platform/process/config';
import { ConfigError, EX_CONFIG } from '@claimcheck/platform/process/config-error';
import type { Environment } from '@claimcheck/platform/process/environment';
import { Storage } from '@claimcheck/platform/s3/storage';
import { type Config, readApiConfig } from '../../config.ts';
import { describeError } from '../../doctor/attempt.ts';
import { type Check, failed, passed, VERDICTS, type Verdict } from '../../doctor/check.ts';
import { examine } from '../../doctor/examine.ts';
import { type Command, type CommandInput, type OptionValue, UsageError } from '../command.ts';
import { openBus } from '../with-bus.ts';

const WORDS: Record<Verdict, string> = { ok: 'ok  ', warning: 'warn', failed: 'FAIL', skipped: 'skip' };

const readTimeout = (value: OptionValue): number => {
  const seconds = wholeNumber(1, 3_600).safeParse(value);
  if (!seconds.success) throw new UsageError('--timeout wants whole seconds, 1 to 3600');
  return seconds.data * 1_000;
};

const toLines = ({ name, verdict, detail, fix }: Check): string[] => [
  `${WORDS[verdict]}  ${name}: ${detail}`,
  ...(fix === undefined ? [] : [`      ${fix}`]),
];

const summarise = (checks: readonly Check[]): string => {
  const count = (wanted: Verdict) => checks.filter(({ verdict }) => verdict === wanted).length;
  return VERDICTS.map((verdict) => `${count(verdict)} ${verdict}`).join(', ');
};

const tell = (checks: readonly Check[], { json, print }: CommandInput): void => {
  const ok = checks.every((check) => check.ok);
  if (json) print(JSON.stringify({ ok, checks }));
  else for (const line of [...checks.flatMap(toLines), '', summarise(checks)]) print(line);
};

const reachBus = async (env: Environment): Promise<Bus | Check> => {
  try {
    return await openBus(env);
  } catch (error) {
    const fix = 'look whether nats-server runs, and at NATS_URL (host, port, user, password)';
    return failed('nats', describeError(error), fix);
  }
};

const examineAll = async (config: Config, { env, options }: CommandInput): Promise<Check[]> => {
  const timeoutMs = readTimeout(options.timeout);
  const database = new Database({ url: config.databaseUrl, poolSize: 4 });
  const storage = new Storage(config.storage);
  const bus = await reachBus(env);
  try {
    const token = typeof options.token === 'string' ? options.token : undefined;
    return await examine({ config, database, storage, bus, token, timeoutMs });
  } finally {
    if ('close' in bus) await bus.close();
    storage.close();
    await database.close();
  }
};

const run = async (input: CommandInput): Promise<number> => {
  readTimeout(input.options.timeout);
  let config: Config;
  try {
    config = readApiConfig(input.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const fix = 'see docs/configuration.md for what each variable takes';
    tell(
      error.problems.map((problem) => failed('configuration', problem, fix)),
      input,
    );
    return EX_CONFIG;
  }
  const checks = [
    passed('configuration', 'every variable can be read'),
    ...(await examineAll(config, input)),
  ];
  tell(checks, input);
  const bad: readonly Verdict[] = input.options.strict === true ? ['failed', 'warning'] : ['failed'];
  return checks.some(({ verdict }) => bad.includes(verdict)) ? 1 : 0;
};

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'check everything that the configuration names, and say what is broken and how to fix it',
  options: {
    timeout: { type: 'string', default: '10' },
    token: { type: 'string' },
    strict: { type: 'boolean' },
  },
  optionHelp: [
    '--timeout <seconds>    how long a probe through outbox, broker and worker may take (default 10)',
    "--token <jwt>          a user's token for an upload through PUBLIC_URL, where AUTH_JWKS_URL is used",
    '--strict               exit code 1 also for warnings',
    'The doctor writes objects and an upload of 4 MiB into the bucket, and removes them. It exits with 1 if a check failed.',
  ],
  run,
};
