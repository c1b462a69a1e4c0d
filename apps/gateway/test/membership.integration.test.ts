import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GatewayProcess } from './support/gateway-process.ts';
import { someUser, TestWorld } from './support/test-world.ts';

let world: TestWorld;
let gateway: GatewayProcess;

beforeAll(async () => {
  world = await TestWorld.create();
  gateway = await world.startGateway();
});
afterAll(() => world?.close());

test('a user who is not a member learns nothing, not even whether the conversation exists', async () => {
  const conversationId = await world.writer.createConversation(someUser('ann'));
  const eve = await world.connect(gateway, someUser('eve'));
  const series = 'claimcheck_authorization_failures_total{surface="gateway",reason="not_found"}';
  const before = await gateway.metric(series);
  const foreign = await eve.subscribe(conversationId, 0);
  const unknown = await eve.subscribe('no-such-conversation', 0);
  expect(foreign).toMatchObject({ error: { code: 'not_found' } });
  expect(unknown).toEqual(foreign);
  expect(await gateway.metric(series)).toBe(before + 2);
  await world.writer.appendSmall(conversationId);
  expect(await eve.subscribe(conversationId)).toEqual(foreign);
  expect(eve.received).toEqual([]);
});

const setUpPair = async () => {
  const users = { ann: someUser('ann'), ben: someUser('ben') };
  const conversationId = await world.writer.createConversation(users.ann, users.ben);
  const ann = await world.connect(gateway, users.ann);
  const ben = await world.connect(gateway, users.ben);
  await ann.subscribe(conversationId, 0);
  await ben.subscribe(conversationId, 0);
  return { users, conversationId, ann, ben };
};

test('a removal ends delivery with the removal itself, and is announced once', async () => {
  const { users, conversationId, ann, ben } = await setUpPair();
  await world.writer.appendSmall(conversationId);
  world.writer.announce(await world.writer.removeMember(conversationId, users.ben));
  world.writer.tellUser(users.ben, { type: 'conversation.removed', conversation_id: conversationId });
  await world.writer.appendSmall(conversationId);
  await ann.untilSeq(conversationId, 3);
  await ben.untilNamed('conversation.removed');
  expect(await ben.subscribe(conversationId, 0)).toMatchObject({ error: { code: 'not_found' } });
  expect(ben.seqs(conversationId)).toEqual([1]);
  expect(ben.named('conversation.removed')).toEqual([{ conversation_id: conversationId }]);
  expect(ann.seqs(conversationId)).toEqual([1, 2, 3]);
  expect(ann.named('member.removed')).toEqual([
    { conversation_id: conversationId, seq: 2, user_id: users.ben },
  ]);
});

test('a removal without an announcement takes effect within two seconds', async () => {
  const { users, conversationId, ann, ben } = await setUpPair();
  await world.writer.removeMember(conversationId, users.ben);
  await ben.untilNamed('conversation.removed', 1, 2_000);
  await world.writer.appendSmall(conversationId);
  await ann.untilSeq(conversationId, 2);
  expect(ben.seqs(conversationId)).toEqual([]);
});

test('a removal announced only to the user takes effect, too', async () => {
  const { users, conversationId, ben } = await setUpPair();
  await world.writer.removeMember(conversationId, users.ben);
  world.writer.tellUser(users.ben, { type: 'conversation.removed', conversation_id: conversationId });
  await ben.untilNamed('conversation.removed');
});

test('an outdated removal does not end the later membership', async () => {
  const { users, conversationId, ben } = await setUpPair();
  world.writer.tellUser(users.ben, { type: 'conversation.removed', conversation_id: conversationId });
  world.writer.tellUser(users.ben, { type: 'conversation.added', conversation_id: conversationId });
  // Announcements to a user are handled in order: once this one has arrived, so has the earlier one.
  await ben.untilNamed('conversation.added');
  expect(ben.named('conversation.removed')).toEqual([]);
  await world.writer.appendSmall(conversationId);
  await ben.untilSeq(conversationId, 1);
});

test('a new member is notified, can catch up from the start, and can be removed again', async () => {
  const { conversationId, ann } = await setUpPair();
  const carla = someUser('carla');
  const phone = await world.connect(gateway, carla);
  const laptop = await world.connect(gateway, carla);
  for (let round = 1; round <= 2; round += 1) {
    await world.writer.addMember(conversationId, carla);
    for (const client of [phone, laptop]) await client.untilNamed('conversation.added', round);
    expect(await phone.subscribe(conversationId, 0)).toEqual({ ok: true, last_seq: 2 * round - 1 });
    world.writer.announce(await world.writer.removeMember(conversationId, carla));
    world.writer.tellUser(carla, { type: 'conversation.removed', conversation_id: conversationId });
    for (const client of [phone, laptop]) await client.untilNamed('conversation.removed', round);
  }
  // The second time from the start: the first removal is in the log, and is only history.
  expect(phone.seqs(conversationId)).toEqual([1, 1, 2, 3]);
  await ann.untilSeq(conversationId, 4);
  expect(ann.seqs(conversationId)).toEqual([1, 2, 3, 4]);
});

test('after a removal and re-addition before any notice, a new subscription stays', async () => {
  const { users, conversationId, ann } = await setUpPair();
  await world.writer.removeMember(conversationId, users.ben);
  await world.writer.addMember(conversationId, users.ben);
  const fresh = await world.connect(gateway, users.ben);
  const answer = await fresh.subscribe(conversationId, 0);
  expect(answer).toEqual({ ok: true, last_seq: 2 });
  await world.writer.appendSmall(conversationId);
  await ann.untilSeq(conversationId, 3);
  await fresh.untilSeq(conversationId, 3);
  expect(fresh.seqs(conversationId)).toEqual([1, 2, 3]);
});

test('an erased conversation is a removal for all members', async () => {
  const { conversationId, ann, ben } = await setUpPair();
  await world.writer.erase(conversationId);
  for (const client of [ann, ben]) await client.untilNamed('conversation.removed', 1, 3_000);
  expect(await ann.subscribe(conversationId, 0)).toMatchObject({ error: { code: 'not_found' } });
});
