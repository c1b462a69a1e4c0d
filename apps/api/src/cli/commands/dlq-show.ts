import { DeadLetters } from '@claimcheck/platform/nats/dead-letters';
import { describeLetter } from '../../dead-letters/redrive-letter.ts';
import type { Command } from '../command.ts';
import { readSequence } from '../read-arguments.ts';
import { withBus } from '../with-bus.ts';

export const dlqShowCommand: Command = {
  name: 'dlq show',
  summary: 'show one dead letter with its payload and headers',
  positionals: ['seq'],
  run: async ({ env, json, positionals, print }) => {
    const seq = readSequence(positionals[0]);
    const letter = await withBus(env, (bus) => new DeadLetters(bus).get(seq));
    if (letter === undefined) throw new Error(`there is no dead letter ${seq}`);
    const shown = {
      ...describeLetter(letter),
      headers: letter.headers,
      payload: Buffer.from(letter.payload).toString(),
    };
    if (json) print(JSON.stringify(shown));
    else for (const [name, value] of Object.entries(shown)) print(`${name}: ${toText(value)}`);
    return 0;
  },
};

const toText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
