import type { Command } from '../command.ts';

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Where a command's options belong: once its words are typed. */
const isTyped = (words: readonly string[]): string =>
  words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');

const linesOf = ({ name, summary, options = {} }: Command): string[] => {
  const [first = '', second] = name.split(' ');
  const words = second === undefined ? [first] : [first, second];
  const place =
    second === undefined
      ? '__fish_use_subcommand'
      : `__fish_seen_subcommand_from ${first}; and test (count (commandline -opc)) -eq 2`;
  return [
    `complete -c claimcheck -n ${quote(place)} -a ${second ?? first} -d ${quote(summary)}`,
    ...Object.entries(options).map(
      ([option, { type }]) =>
        `complete -c claimcheck -n ${quote(isTyped(words))} -l ${option}${type === 'string' ? ' -r' : ''}`,
    ),
  ];
};

/** A script for fish. */
export const fishCompletion = (commands: readonly Command[]): string => {
  const groups = new Set(
    commands.flatMap(({ name }) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : [])),
  );
  return [
    'complete -c claimcheck -f',
    ...[...groups].map((group) => `complete -c claimcheck -n __fish_use_subcommand -a ${group}`),
    ...commands.flatMap(linesOf),
    "complete -c claimcheck -l json -d 'one JSON document'",
    "complete -c claimcheck -l help -d 'how it is used'",
    '',
  ].join('\n');
};
