import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSystemPackage } from '@claimcheck/local-stack/ensure-system-package';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { runClaimcheck } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';

let system: System;
let media: string;
let conversation: string;

beforeAll(async () => {
  system = await startSystem(inject('stack'));
  const ann = new ChatUser(system, 'ann');
  conversation = await ann.startConversation('ben');
  media = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
  await ann.send(conversation, {
    client_message_id: 'one',
    message_type: 'image',
    media_object_id: media,
  });
  await ann.mediaIn(media, ['ready']);
});
afterAll(() => system?.stop());

const claimcheck = (...args: string[]) => runClaimcheck(system.apiEnv, ...args);

const deleteObject = async (key: string): Promise<void> => {
  const bucket = new Bucket(inject('stack'));
  await bucket.delete(key);
  bucket.close();
};

describe('media show tells the whole story', () => {
  test('for programs', async () => {
    const { code, out } = await claimcheck('media', 'show', media, '--json');
    expect(code).toBe(0);
    const story = JSON.parse(out);
    expect(story.media).toMatchObject({ media_object_id: media, state: 'ready', owner_user_id: 'ann' });
    expect(story.states.map((one: { state: string }) => one.state)).toEqual([
      'uploading',
      'processing',
      'ready',
    ]);
    const times = story.states.map(({ at }: { at: string }) => Date.parse(at));
    expect(times).toEqual(times.toSorted((one: number, other: number) => one - other));
    expect(story.upload).toMatchObject({ protocol: 'tus', phase: 'complete' });
    expect(story.attempts).toEqual([
      expect.objectContaining({ epoch: 1, request: 'optimize', published_at: expect.any(String) }),
    ]);
    // In the order in which they were applied, which is any.
    const stages = story.results.map(({ stage }: { stage: string }) => stage);
    expect(stages.toSorted()).toEqual(['final', 'preview', 'scan']);
    expect(story.verdicts).toEqual([expect.objectContaining({ code: 'clean' })]);
    expect(story.references).toBe(1);
    expect(story.referrers).toEqual([
      expect.objectContaining({ kind: 'message', conversation_id: conversation }),
    ]);
    const roles = new Map(story.objects.map(({ key, is }: { key: string; is: string }) => [key, is]));
    expect(roles.get(`${media}/source`)).toBe('source');
    for (const { object_storage_key } of story.derivatives)
      expect(roles.get(object_storage_key)).toBe('derivative');
    expect(roles.size).toBe(story.derivatives.length + 1);
  });

  test('for people, and what is missing in the bucket', async () => {
    const { out } = await claimcheck('media', 'show', media);
    for (const heading of [
      'states',
      'upload',
      'attempts',
      'results',
      'verdicts',
      'objects in the bucket',
      'referred to by',
    ])
      expect(out).toContain(`\n\n${heading}\n`);
    const thumbnail = JSON.parse((await claimcheck('media', 'show', media, '--json')).out).derivatives.find(
      ({ quality }: { quality: string }) => quality === 'thumbnail',
    );
    await deleteObject(thumbnail.object_storage_key);
    const later = await claimcheck('media', 'show', media);
    expect(later.out).toMatch(new RegExp(`${thumbnail.object_storage_key} +– +– +MISSING`));
  });

  test('when the store is away the rest is told', async () => {
    const env = { ...system.apiEnv, S3_ENDPOINT: 'http://127.0.0.1:9' };
    const { code, out } = await runClaimcheck(env, 'media', 'show', media, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ objects: [], objects_error: expect.any(String) });
  });
});

describe('every command', () => {
  test('has help', async () => {
    const { out } = await claimcheck('--help');
    const names = [...out.matchAll(/^ {2}([a-z-]+(?: [a-z]+)?)/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(12);
    const helps = await Promise.all(names.map((name) => claimcheck(...name.split(' '), '--help')));
    for (const [index, name] of names.entries()) {
      const help = helps[index];
      expect([name, help?.code]).toEqual([name, 0]);
      expect(help?.out).toMatch(new RegExp(`^Usage: npm run claimcheck -- ${name}[\\s\\S]*--json`));
    }
  });

  test.each([
    ['migrate'],
    ['media refs', () => media],
    ['user quota', () => 'ann'],
    ['reconcile'],
    ['completion', () => 'bash'],
  ])('%s answers a document with --json', async (name, argument = () => '') => {
    const args = [...name.split(' '), argument(), '--json'].filter((word) => word !== '');
    const { out } = await claimcheck(...args);
    for (const line of out.trim().split('\n')) expect(typeof JSON.parse(line)).toBe('object');
  });
});

describe('completion', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claimcheck-completion-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const shell = async (
    name: 'bash' | 'zsh' | 'fish',
    commands: (script: string) => string,
  ): Promise<string> => {
    const program = await ensureSystemPackage({
      programs: [name],
      aptPackage: name,
      purpose: 'the tests of completion',
      env: process.env,
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
    const script = join(folder, name);
    await writeFile(script, (await claimcheck('completion', name)).out);
    return runCommand(program, ['-c', commands(script)], { env: { ...process.env, HOME: folder } });
  };

  test.each([
    ['claimcheck d', 'doctor dlq'],
    ['claimcheck media ', 'show refs redrive'],
    ['claimcheck dlq re', 'redrive'],
    ['claimcheck doctor --t', '--timeout --token'],
    ['claimcheck media show 1 --', '--json --help'],
  ])('bash: %j', async (line, expected) => {
    const words = line.split(' ');
    const out = await shell(
      'bash',
      (script) =>
        `source ${script}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _claimcheck; echo "\${COMPREPLY[*]}"`,
    );
    expect(out.trim()).toBe(expected);
  });

  test('zsh takes it', async () => {
    const out = await shell(
      'zsh',
      (script) => `source ${script}; print $_comps[claimcheck]; whence -w _claimcheck`,
    );
    expect(out).toContain('_bash_complete -F _claimcheck');
    expect(out).toContain('_claimcheck: function');
  });

  test('fish completes', async () => {
    const words = async (line: string) =>
      (await shell('fish', (script) => `source ${script}; complete -C '${line}'`))
        .trim()
        .split('\n')
        .map((one) => one.split('\t')[0]);
    expect(await words('claimcheck media ')).toEqual(['redrive', 'refs', 'show']);
    expect(await words('claimcheck doctor --s')).toEqual(['--strict']);
  });

  test('another shell is refused, with those that there are', async () => {
    const { code, error } = await claimcheck('completion', 'tcsh');
    expect(code).toBe(64);
    expect(error).toContain('<shell> is one of bash, zsh, fish');
  });
});
