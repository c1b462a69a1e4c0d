import type { Command } from '../../apps/api/src/cli/command.ts';
import { COMMANDS } from '../../apps/api/src/cli/commands/index.ts';
import { helpOf } from '../../apps/api/src/cli/run-cli.ts';

const HEAD = `# Command line

Written by \`npm run docs\` from the commands themselves.

\`npm run claimcheck -- <command>\` runs one command. With Compose, \`docker compose -f infra/compose.yaml exec api node apps/api/src/cli/claimcheck.ts\` stands for \`npm run claimcheck --\`. A command reads the api's [configuration](configuration.md).

Every command takes \`--json\`, for one JSON document instead of lines for people, and \`--help\`. Exit codes: 0 fine, 1 failed or found something, 64 wrong usage, 78 invalid configuration.
`;

/** Returns docs/cli.md: a table of the commands, then the help of each. */
export const cliPage = (): string =>
  [
    HEAD,
    '| command | does |\n|---|---|',
    ...COMMANDS.map(({ name, summary }) => `| [\`${name}\`](#${name.replaceAll(' ', '-')}) | ${summary} |`),
    ...COMMANDS.map(section),
  ].join('\n');

const section = (command: Command): string =>
  `\n## ${command.name}\n\n\`\`\`text\n${helpOf(command).trim()}\n\`\`\``;
