import { ConfigError } from '@claimcheck/platform/process/config-error';
import { expect, test } from 'vitest';
import { ProblemError } from '../problem-error.ts';
import type { Command } from './command.ts';
import { runCli } from './run-cli.ts';

const echo: Command = {
  name: 'thing show',
  summary: 'shows a thing',
  positionals: ['id', '?part'],
  options: { deep: { type: 'boolean' } },
  optionHelp: ['--deep    all of it'],
  run: async ({ positionals, options, json, print }) => {
    print(JSON.stringify({ positionals, options, json }));
    return positionals[0] === 'absent' ? 1 : 0;
  },
};
const failing = (name: string, error: Error): Command => ({
  name,
  summary: name,
  run: () => Promise.reject(error),
});
const commands = [
  echo,
  failing('unset', new ConfigError(['DATABASE_URL: is required'])),
  failing('refused', new ProblemError('not_found')),
  failing('broken', new Error('no route')),
];

const run = async (...argv: string[]) => {
  const terminal = { out: '', error: '' };
  const code = await runCli(
    commands,
    argv,
    {},
    {
      out: (text) => {
        terminal.out += text;
      },
      error: (text) => {
        terminal.error += text;
      },
      audit: (text) => {
        terminal.error += text;
      },
    },
  );
  return { code, ...terminal };
};

test('a command gets its arguments and options, and returns the exit code', async () => {
  expect(await run('thing', 'show', 'a', '--deep', '--json')).toEqual({
    code: 0,
    out: '{"positionals":["a"],"options":{"deep":true},"json":true}\n',
    error: '',
  });
  expect((await run('thing', 'show', 'absent')).code).toBe(1);
});

test.each([
  [[], 'Usage: npm run claimcheck -- <command>'],
  [['thing'], 'Usage: npm run claimcheck -- <command>'],
  [['thing', 'show'], '<id> is missing'],
  [['thing', 'show', 'a', 'b', 'c'], 'c is one argument too many'],
  [['thing', 'show', 'a', '--wide'], "Unknown option '--wide'"],
])('%j is wrong usage, and the message says why', async (argv, words) => {
  const { code, out, error } = await run(...argv);
  expect([code, out]).toEqual([64, '']);
  expect(error).toContain(words);
});

test('help lists all commands, or describes one', async () => {
  expect(await run('--help')).toMatchObject({
    code: 0,
    out: expect.stringContaining('thing show <id> [part]'),
  });
  expect(await run('thing', 'show', '--help')).toMatchObject({
    code: 0,
    out: expect.stringContaining('--deep'),
  });
});

test('the kind of failure decides the exit code', async () => {
  expect(await run('unset')).toMatchObject({ code: 78, error: expect.stringContaining('DATABASE_URL') });
  expect(await run('refused')).toMatchObject({ code: 1, error: expect.stringMatching(/^not_found: /) });
  expect(await run('broken')).toEqual({ code: 1, out: '', error: 'no route\n' });
});
