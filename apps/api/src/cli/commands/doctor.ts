import { wholeNumber } from '@claimcheck/platform/config';
import type { Check } from '../../doctor/check.ts';
import { checkWiring } from '../../doctor/check-wiring.ts';
import { LANES, probeRing } from '../../doctor/probe-ring.ts';
import { type Command, type OptionValue, UsageError } from '../command.ts';
import { withOperator } from '../operator.ts';
import { withBus } from '../with-bus.ts';

const readTimeout = (value: OptionValue): number => {
  const seconds = wholeNumber(1, 3_600).safeParse(value);
  if (!seconds.success) throw new UsageError('--timeout wants whole seconds, 1 to 3600');
  return seconds.data * 1_000;
};

const toLines = ({ name, ok, detail, fix }: Check): string[] => [
  `${ok ? 'ok  ' : 'FAIL'}  ${name}: ${detail}`,
  ...(fix === undefined ? [] : [`      ${fix}`]),
];

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'look at how the processes are wired, and send a probe through the whole ring',
  options: { timeout: { type: 'string', default: '10' } },
  optionHelp: ['--timeout <seconds>    how long a probe may take (default 10)'],
  run: async ({ env, json, options, print }) => {
    const timeoutMs = readTimeout(options.timeout);
    const checks = await withOperator(env, ({ database }) =>
      withBus(env, async (bus) => {
        const rings = await Promise.all(LANES.map((lane) => probeRing(database, bus, lane, timeoutMs)));
        // After the probes: whoever answers them under another name can be seen then.
        return [...(await checkWiring(bus)), ...rings];
      }),
    );
    const healthy = checks.every(({ ok }) => ok);
    if (json) print(JSON.stringify({ ok: healthy, checks }));
    else for (const line of checks.flatMap(toLines)) print(line);
    return healthy ? 0 : 1;
  },
};
