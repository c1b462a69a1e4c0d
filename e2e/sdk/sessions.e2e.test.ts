import type { ConversationHandle } from '@claimcheck/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { metricOf } from '../harness/metric-of.ts';
import { SdkClients } from '../harness/sdk-client.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

const SECOND = 1_000;
/** Of the host's tokens. The gateway warns halfway. */
const TOKEN_SECONDS = 8;

let system: System;
let clients: SdkClients;
let ann: ChatUser;
let talk: string;

beforeAll(async () => {
  system = await startSystem(inject('stack'));
  clients = new SdkClients(system);
  ann = new ChatUser(system, 'ann');
  talk = await ann.startConversation('ben');
});
afterAll(async () => {
  clients?.close();
  await system?.stop();
});

const isLive = (conversation: ConversationHandle) =>
  until(() => conversation.get().status === 'live' || undefined, {
    withinMs: 20_000,
    what: 'ben to be live',
  });

/** A host that keeps its token until the SDK requests a fresh one, or until just before it expires. */
const cachingHost = () => {
  const newToken = () => system.tokenFor('ben', { expiresIn: TOKEN_SECONDS });
  const asked = { all: 0, fresh: 0 };
  let token = newToken();
  let since = Date.now();
  const getToken = ({ fresh } = { fresh: false }) => {
    asked.all += 1;
    if (fresh) asked.fresh += 1;
    if (fresh || Date.now() - since > (TOKEN_SECONDS - 1) * SECOND) {
      token = newToken();
      since = Date.now();
    }
    return token;
  };
  return { asked, getToken };
};

test('in the last minute of its token a client asks for one more, and keeps its connection', async () => {
  const { asked, getToken } = cachingHost();
  const conversation = clients.open('ben', { userId: 'ben', getToken }).conversation(talk);
  const states: string[] = [];
  const leave = conversation.subscribe(() => void states.push(conversation.get().connection));
  await isLive(conversation);
  const before = asked.all;
  await new Promise((resolve) => setTimeout(resolve, 2 * TOKEN_SECONDS * SECOND));
  expect(asked.fresh).toBeGreaterThanOrEqual(2);
  expect(asked.all - before).toBeLessThanOrEqual(6);
  expect(states.lastIndexOf('disconnected')).toBeLessThan(states.indexOf('connected'));
  expect(await metricOf(system.adminUrls.gateway, 'claimcheck_gateway_dropped_total')).toBe(0);
  leave();
});

test('without a login a client says why, asks seldom, and sends what waited once there is another token', async () => {
  let isLoggedIn = false;
  let fresh = 0;
  const client = clients.open('ben', {
    userId: 'ben',
    getToken: (request) => {
      if (request?.fresh) fresh += 1;
      return system.tokenFor('ben', { expiresIn: isLoggedIn ? 600 : -600 });
    },
  });
  const followed = client.conversation(talk);
  const leave = followed.subscribe(() => {});
  const message = followed.send({ text: 'after the login' });
  await until(() => followed.get().error, { withinMs: 10_000, what: 'the reason' });
  const refusals = () => metricOf(system.adminUrls.gateway, 'claimcheck_authorization_failures_total');
  await new Promise((resolve) => setTimeout(resolve, 8 * SECOND));
  expect(followed.get().error).toMatchObject({ code: 'token_expired' });
  expect(message.get()).toMatchObject({ state: 'waiting', error: { code: 'token_expired' } });
  expect(fresh).toBeLessThanOrEqual(5);
  expect(await refusals()).toBeLessThanOrEqual(5);
  isLoggedIn = true;
  expect((await message.sent).body).toBe('after the login');
  await isLive(followed);
  expect(followed.get()).toMatchObject({ connection: 'connected', error: undefined });
  leave();
});

test('a socket whose login ends in mid-conversation says why, and recovers with the next token', async () => {
  let end = Date.now() + 4 * SECOND;
  let fresh = 0;
  const client = clients.open('ben', {
    userId: 'ben',
    getToken: (request) => {
      if (request?.fresh) fresh += 1;
      return system.tokenFor('ben', { expiresIn: Math.round((end - Date.now()) / SECOND) });
    },
  });
  const followed = client.conversation(talk);
  const leave = followed.subscribe(() => {});
  await isLive(followed);
  await until(() => followed.get().connection === 'refused' || undefined, {
    withinMs: 20_000,
    what: 'the end of the login',
  });
  expect(followed.get()).toMatchObject({ status: 'live', error: { code: 'token_expired' } });
  const atEnd = fresh;
  await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
  expect(fresh - atEnd).toBeLessThanOrEqual(4);
  end = Date.now() + 600 * SECOND;
  await until(() => followed.get().connection === 'connected' || undefined, {
    withinMs: 40_000,
    what: 'the connection',
  });
  leave();
});

test('a user who is added again sees the conversation again without doing anything', async () => {
  const other = await ann.startConversation('eve');
  const followed = clients.open('eve').conversation(other);
  const leave = followed.subscribe(() => {});
  await isLive(followed);
  const member = `/v1/conversations/${other}/members/eve`;
  const admin = (method: string) =>
    fetch(`${system.apiUrl}${member}`, {
      method,
      headers: { authorization: `Bearer ${system.tokenFor('host', { scope: 'claimcheck:admin' })}` },
    });
  expect((await admin('DELETE')).ok).toBe(true);
  await until(() => followed.get().status === 'refused' || undefined, {
    withinMs: 10_000,
    what: 'the removal',
  });
  expect((await admin('PUT')).ok).toBe(true);
  await isLive(followed);
  expect(followed.get().error).toBeUndefined();
  leave();
});
