import { DeadLetters } from '@claimcheck/platform/nats/dead-letters';
import { describeLetter } from '../../dead-letters/redrive-letter.ts';
import type { Command } from '../command.ts';
import { readConsumer } from '../read-arguments.ts';
import { withBus } from '../with-bus.ts';

export const dlqListCommand: Command = {
  name: 'dlq list',
  summary: 'list what consumers gave up, oldest first',
  options: { consumer: { type: 'string' } },
  optionHelp: [
    '--consumer <name>    of one consumer',
    'With --json: one document a line, a line a dead letter.',
  ],
  run: async ({ env, json, options, print }) => {
    const consumer = readConsumer(options.consumer);
    await withBus(env, async (bus) => {
      let count = 0;
      // Each line is printed as it arrives: there may be very many.
      for await (const letter of new DeadLetters(bus).list(consumer)) {
        count += 1;
        const { seq, died_at, attempts, origin, reason } = describeLetter(letter);
        if (json) print(JSON.stringify(describeLetter(letter)));
        else print(`${seq}  ${died_at}  ${letter.consumer}  ${attempts} deliveries  ${origin}  ${reason}`);
      }
      if (!json) print(count === 0 ? 'there are no dead letters' : `${count} dead letters`);
    });
    return 0;
  },
};
