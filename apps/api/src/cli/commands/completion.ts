import { type Command, UsageError } from '../command.ts';
import { bashCompletion, zshCompletion } from '../completion/bash-completion.ts';
import { fishCompletion } from '../completion/fish-completion.ts';

const SHELLS: Record<string, (commands: readonly Command[]) => string> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** @param all the commands, this one not among them */
export const createCompletionCommand = (all: readonly Command[]): Command => {
  const command: Command = {
    name: 'completion',
    summary: 'a script that lets bash, zsh or fish complete the words of this CLI',
    positionals: ['shell'],
    optionHelp: [
      "It completes the command claimcheck: alias claimcheck='npm run --silent claimcheck --'",
      'bash and zsh: source <(claimcheck completion bash)    fish: claimcheck completion fish | source',
    ],
    run: async ({ positionals: [shell = ''], json, print }) => {
      const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (write === undefined) throw new UsageError(`<shell> is one of ${Object.keys(SHELLS).join(', ')}`);
      const script = write([...all, command]);
      print(json ? JSON.stringify({ shell, script }) : script);
      return 0;
    },
  };
  return command;
};
