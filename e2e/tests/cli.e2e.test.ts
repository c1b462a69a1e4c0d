import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { runClaimcheck } from '../harness/run-to-end.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

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
    // The relay writes down the broker's confirmation after the worker may have answered.
    const story = await until(
      async () => {
        const { code, out } = await claimcheck('media', 'show', media, '--json');
        expect(code).toBe(0);
        const shown = JSON.parse(out);
        return shown.attempts[0].published_at === null ? undefined : shown;
      },
      { withinMs: 20_000, what: 'the confirmation of the request' },
    );
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
    // Sorted here, because results may be applied in any order.
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
    // Qualities of one size share an object.
    const keys = story.derivatives.map((one: { object_storage_key: string }) => one.object_storage_key);
    expect(roles.size).toBe(new Set(keys).size + 1);
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

  test('reports the rest when the store is away', async () => {
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
    expect(names.length).toBeGreaterThanOrEqual(12);
    const helps = await Promise.all(names.map((name) => claimcheck(...name.split(' '), '--help')));
    for (const [index, name] of names.entries()) {
      const help = helps[index];
      expect([name, help?.code]).toEqual([name, 0]);
      expect(help?.out).toMatch(new RegExp(`^Usage: npm run claimcheck -- ${name}[\\s\\S]*--json`));
    }
  });

  test.each([['migrate'], ['media refs', () => media], ['user quota', () => 'ann'], ['reconcile']])(
    '%s answers a document with --json',
    async (name, argument = () => '') => {
      const args = [...name.split(' '), argument(), '--json'].filter((word) => word !== '');
      const { out } = await claimcheck(...args);
      for (const line of out.trim().split('\n')) expect(typeof JSON.parse(line)).toBe('object');
    },
  );
});
