import type { Command } from '../command.ts';

/** What may follow some words of a command line. */
export interface Completion {
  /** `media`, or nothing at the beginning. */
  after: string;
  words: string[];
}

const COMMON_OPTIONS = ['--json', '--help'];

/** Options of a command as they are typed. */
const optionsOf = ({ options = {} }: Pick<Command, 'options'>): string[] => [
  ...Object.keys(options).map((name) => `--${name}`),
  ...COMMON_OPTIONS,
];

const unique = (words: readonly string[]): string[] => [...new Set(words)];

/** Every place of a command line where words are known: the first one, the second ones, options. */
export const completionsOf = (commands: readonly Command[]): Completion[] => {
  const split = commands.map((command) => ({ command, words: command.name.split(' ') }));
  const groups = unique(
    split.filter(({ words }) => words.length > 1).map(({ words: [first = ''] }) => first),
  );
  return [
    { after: '', words: unique(split.map(({ words: [first = ''] }) => first)) },
    ...groups.map((group) => ({
      after: group,
      words: split.flatMap(({ words: [first, second] }) =>
        first === group && second !== undefined ? [second] : [],
      ),
    })),
    ...split.map(({ command, words }) => ({ after: words.join(' '), words: optionsOf(command) })),
  ];
};
