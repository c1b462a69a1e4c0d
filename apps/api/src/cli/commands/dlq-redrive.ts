import type { Bus } from '@claimcheck/platform/nats/bus';
import { type DeadLetter, DeadLetters } from '@claimcheck/platform/nats/dead-letters';
import { type Redrive, redriveLetter } from '../../dead-letters/redrive-letter.ts';
import { type Command, type CommandInput, UsageError } from '../command.ts';
import { type Operator, withOperator } from '../operator.ts';
import { readConsumer, readSequence } from '../read-arguments.ts';
import { withBus } from '../with-bus.ts';

interface Selection {
  seq: number | undefined;
  consumer: string | undefined;
}

const readSelection = ({ positionals, options }: CommandInput): Selection => {
  const [given] = positionals;
  const seq = given === undefined ? undefined : readSequence(given);
  const consumer = readConsumer(options.consumer);
  const ways = [seq !== undefined, consumer !== undefined, options.all === true].filter(Boolean).length;
  if (ways !== 1) throw new UsageError('name one: a number, --consumer, or --all');
  return { seq, consumer };
};

/** Redrives only the letters present at the start: one that fails again must not be redriven for ever. */
async function* select(bus: Bus, { seq, consumer }: Selection): AsyncGenerator<DeadLetter> {
  const deadLetters = new DeadLetters(bus);
  if (seq !== undefined) {
    const letter = await deadLetters.get(seq);
    if (letter === undefined) throw new Error(`there is no dead letter ${seq}`);
    yield letter;
    return;
  }
  const last = await deadLetters.lastSeq();
  for await (const letter of deadLetters.list(consumer)) {
    if (letter.seq > last) return;
    yield letter;
  }
}

export const dlqRedriveCommand: Command = {
  name: 'dlq redrive',
  summary: 'give dead letters another chance: one, those of a consumer, or all',
  positionals: ['?seq'],
  isAudited: true,
  options: { consumer: { type: 'string' }, all: { type: 'boolean' } },
  optionHelp: ['--consumer <name>    those of one consumer', '--all                all of them'],
  run: async (input) => {
    const { env, json, print, audit } = input;
    const selection = readSelection(input);
    const counts: Record<Redrive, number> = { published: 0, new_epoch: 0, moot: 0 };
    const redrive = async (bus: Bus, { database, settings }: Operator): Promise<void> => {
      for await (const letter of select(bus, selection)) {
        const outcome = await redriveLetter(new DeadLetters(bus), database, settings, letter);
        audit({ dead_letter: letter.seq, consumer: letter.consumer, outcome });
        counts[outcome] += 1;
        if (!json) print(`${letter.seq}  ${letter.consumer}  ${outcome}`);
      }
    };
    await withOperator(env, (operator) => withBus(env, (bus) => redrive(bus, operator)));
    if (json) print(JSON.stringify(counts));
    else print(`${counts.published} published, ${counts.new_epoch} with a new epoch, ${counts.moot} moot`);
    return 0;
  },
};
