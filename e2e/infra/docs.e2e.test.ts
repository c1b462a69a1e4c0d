import { randomUUID } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Database } from '@claimcheck/database/database';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger } from '@claimcheck/platform/process/logger';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { phonePhoto, sha256, smallPhoto } from '../harness/fixtures.ts';
import { runClaimcheck, runToEnd } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';
import { PHOTO } from './capacity/plan.ts';
import { brokenLinks } from './docs/document-links.ts';
import {
  commandsIn,
  type DocumentedCommand,
  documentedCommands,
  documents,
  scriptsIn,
} from './docs/documented-commands.ts';
import { NOT_OURS, TESTED_ELSEWHERE } from './docs/tested-elsewhere.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = 'npm run claimcheck -- ';
const LISTED = { 'npm run bench -- ': 'e2e/bench/run-bench.ts', 'npm run soak -- ': 'e2e/run-soak.ts' };
const EX_USAGE = 64;
/** Commands to run unchanged, in a copy of infra. */
const AS_IT_IS = /^(cp infra\/|for n in )/;

// A sentence may name only the program.
const all = (await documentedCommands()).filter(
  ({ command }) => command !== CLI.trim() && command !== `${CLI}<command>`,
);
const starting = (prefix: string) => all.filter(({ command }) => command.startsWith(prefix));
const once = (commands: DocumentedCommand[]) => [...new Set(commands.map(({ command }) => command))];

test('each command is run here, or by a named test', () => {
  expect(all.length).toBeGreaterThan(40);
  const prefixes = [CLI, ...Object.keys(LISTED)];
  const unknown = all.filter(
    ({ command }) =>
      !prefixes.some((prefix) => command.startsWith(prefix)) &&
      !AS_IT_IS.test(command) &&
      !NOT_OURS.some((one) => one.test(command)) &&
      !TESTED_ELSEWHERE.some((one) => one.command.test(command)),
  );
  expect(unknown).toEqual([]);
});

test('each named test exists, and each entry of the list is needed', async () => {
  for (const { command, file, says } of TESTED_ELSEWHERE) {
    expect(await readFile(join(ROOT, file), 'utf8'), file).toContain(says);
    expect(
      all.filter((one) => command.test(one.command)),
      String(command),
    ).not.toEqual([]);
  }
});

test('each link leads to an existing file and heading', async () => {
  const broken = await Promise.all((await documents()).map((document) => brokenLinks(ROOT, document)));
  expect(broken.flat()).toEqual([]);
});

test('commands are found in a block, over a continued line, and in inline code', () => {
  const text = '```sh\nnpm one \\\n  --two\n```\nRun `npm three`, not `three`.\n```text\nnpm four\n```';
  expect(commandsIn('a.md', text).map(({ command }) => command)).toEqual(['npm one --two', 'npm three']);
  expect(() => commandsIn('a.md', '```\nnpm five\n```')).toThrow('a.md:1: say what the block is');
});

test.each(Object.entries(LISTED))('%s<name>: every name exists', async (prefix, script) => {
  const { code, error } = await runToEnd(script, {}, ['no-such-name']);
  expect(code).toBe(EX_USAGE);
  expect(starting(prefix)).not.toEqual([]);
  for (const { where, command } of starting(prefix)) {
    const [name = ''] = command.slice(prefix.length).split(' ');
    expect(error, where).toMatch(new RegExp(`\\b${name}\\b`));
  }
});

test('the commands before the start of Docker work', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-docs-'));
  try {
    await mkdir(join(folder, 'infra'));
    await cp(join(ROOT, 'infra/.env.example'), join(folder, 'infra/.env.example'));
    const commands = once(all.filter(({ command }) => AS_IT_IS.test(command)));
    expect(commands).toHaveLength(2);
    const printed = await Promise.all(
      commands.map((command) => runCommand('sh', ['-c', command], { env: process.env, cwd: folder })),
    );
    expect(new Set(printed.join('').match(/^s[0-9a-f]{48}$/gm)).size).toBe(9);
    expect(await readFile(join(folder, 'infra/.env'), 'utf8')).toContain('POSTGRES_PASSWORD=');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Messages that an installation's streams have taken so far. */
const streamed = async ({ appName, env }: System): Promise<number> => {
  const logger = createLogger('docs', 'silent');
  const bus = await Bus.connect({ url: env.NATS_URL ?? '', name: 'docs', appName, logger });
  try {
    const { media, facts } = bus.streams;
    const infos = await Promise.all([media, facts].map(({ name }) => bus.manager.streams.info(name)));
    return infos.reduce((sum, { state }) => sum + state.last_seq, 0);
  } finally {
    await bus.close();
  }
};

describe('the CLI, as the documents say', () => {
  let system: System;
  const placeholders = new Map<string, string>();

  beforeAll(async () => {
    system = await startSystem(inject('stack'));
    const ann = new ChatUser(system, 'ann');
    const bytes = await smallPhoto();
    const id = await ann.upload({ bytes, filename: 'china.jpg', filetype: 'image/jpeg' });
    await ann.mediaIn(id, ['ready']);
    const logger = createLogger('docs', 'silent');
    const { appName } = system;
    const bus = await Bus.connect({ url: system.env.NATS_URL ?? '', name: 'docs', appName, logger });
    await bus.publish(bus.subjects.optimizeRequest, '{"mediaId":"poison"}', { messageId: randomUUID() });
    await bus.close();
    const letter = await until(
      async () => /"seq":(\d+)/.exec((await runClaimcheck(system.apiEnv, 'dlq', 'list', '--json')).out)?.[1],
      { withinMs: 20_000, what: 'a dead letter' },
    );
    placeholders.set('<id>', id).set('<seq>', letter).set('<number>', letter).set('<sha256>', sha256(bytes));
  });
  afterAll(() => system?.stop());

  test('a photo is as many messages and events as docs/capacity.md counts', async () => {
    const database = new Database({ url: system.databaseUrl, poolSize: 1 });
    try {
      const before = await streamed(system);
      const ann = new ChatUser(system, 'ann');
      const conversation_id = await ann.startConversation('ben');
      const bytes = await phonePhoto();
      const media = await ann.upload({ bytes, filename: 'a.jpg', filetype: 'image/jpeg' });
      const message = { client_message_id: 'm1', message_type: 'image', media_object_id: media };
      expect((await ann.send(conversation_id, message)).status).toBe(201);
      await ann.mediaIn(media, ['ready']);
      await expect.poll(() => streamed(system)).toBe(before + PHOTO.streamMessages);
      const types = ['message_created', 'media_updated'] as const;
      // A preview that precedes the message causes no separate event.
      const events = await database.client.conversation_event.count({
        where: { conversation_id, type: { in: [...types] } },
      });
      expect(events).toBeLessThanOrEqual(PHOTO.events);
      expect(events).toBeGreaterThan(1);
    } finally {
      await database.close();
    }
  });

  test('a first upload by hand', async () => {
    const [script = '', ...others] = scriptsIn(await readFile(join(ROOT, 'docs/getting-started.md'), 'utf8'));
    expect(others).toEqual([]);
    const cwd = await mkdtemp(join(tmpdir(), 'claimcheck-first-'));
    try {
      await writeFile(join(cwd, 'photo.jpg'), await smallPhoto());
      const env = { ...process.env, URL: system.apiUrl };
      const printed = (await runCommand('bash', ['-euc', script], { env, cwd })).trim().split('\n');
      const media = JSON.parse(printed.at(-1) ?? '');
      expect(media).toMatchObject({ filename: 'photo.jpg', upload_state: 'uploaded' });
      const ready = await new ChatUser(system, 'ann').mediaIn(media.media_object_id, ['ready']);
      expect(ready.kind).toBe('image');
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  });

  test.each(once(starting(CLI)))('%s', async (command) => {
    const args = command
      .slice(CLI.length)
      .split(' ')
      .map((word) => placeholders.get(word) ?? word);
    const { code, error } = await runClaimcheck(system.apiEnv, ...args);
    // 1 is an answer too: the command found something. 64 means that the command does not exist.
    expect([0, 1], error).toContain(code);
    expect(error).not.toMatch(/usage|unknown/i);
  });
});
