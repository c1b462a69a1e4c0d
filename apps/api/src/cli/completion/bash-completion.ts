import type { Command } from '../command.ts';
import { completionsOf } from './command-words.ts';

/**
 * A script for bash. Words that are typed already, options left out, choose the case: a command's
 * arguments stand behind its name, so its options are offered after them, too.
 */
export const bashCompletion = (commands: readonly Command[]): string => {
  const cases = completionsOf(commands)
    // The longest first: `media show` before `media`.
    .toSorted((one, other) => other.after.length - one.after.length)
    .map(({ after, words }) => {
      const pattern =
        after === '' ? '""' : commands.some(({ name }) => name === after) ? `"${after}"*` : `"${after}"`;
      return `    ${pattern}) COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$current")) ;;`;
    });
  return `_claimcheck() {
  local current="\${COMP_WORDS[COMP_CWORD]}" typed="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ "$word" == -* ]] || typed="\${typed:+$typed }$word"
  done
  COMPREPLY=()
  case "$typed" in
${cases.join('\n')}
  esac
}
complete -F _claimcheck claimcheck
`;
};

/** zsh runs bash's completions, behind its own. */
export const zshCompletion = (commands: readonly Command[]): string =>
  [
    '(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }',
    'autoload -Uz bashcompinit && bashcompinit',
    bashCompletion(commands),
  ].join('\n');
