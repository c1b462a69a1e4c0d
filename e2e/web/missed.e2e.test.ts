import { Database } from '@claimcheck/database/database';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { type System, startSystem } from '../harness/system.ts';
import { ChatTab } from './chat-tab.ts';

const MISSED = 3_000;
/** It takes some tenths of a second; a busy machine may take longer, and one render per message takes a minute. */
const SHOWN_WITHIN_MS = 5_000;
/** More than a page of messages has. */
const MOST_ELEMENTS = 15_000;

let system: System;
let browser: Browser;

beforeAll(async () => {
  system = await startSystem(inject('stack'));
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

/** Writes copies of the conversation's only message, as the api would: through it they would take half a minute. */
const writeMany = async (talk: string): Promise<void> => {
  const database = new Database({ url: system.databaseUrl, poolSize: 1 });
  await database.client.$transaction(async (db) => {
    await db.$executeRaw`
      INSERT INTO message (message_id, conversation_id, seq, sender_user_id, client_message_id, message_type, body)
      SELECT gen_random_uuid(), conversation_id, last_seq + n, 'ann', 'missed-' || n, 'text', 'missed ' || n
      FROM conversation, generate_series(1, ${MISSED}::int) n WHERE conversation_id = ${talk}`;
    await db.$executeRaw`
      INSERT INTO conversation_event (conversation_id, seq, type, payload)
      SELECT conversation_id, message.seq, event.type, jsonb_set(event.payload, '{message}', event.payload->'message'
        || jsonb_build_object('message_id', message_id, 'seq', message.seq, 'body', body))
      FROM message JOIN conversation_event event USING (conversation_id)
      WHERE conversation_id = ${talk} AND event.type = 'message.created' AND message.seq > event.seq`;
    await db.$executeRaw`
      UPDATE conversation SET last_seq = last_seq + ${MISSED}::int WHERE conversation_id = ${talk}`;
  });
  await database.close();
};

test('a page that missed 3,000 messages shows the newest at once', async () => {
  const host = new ChatUser(system, 'ann');
  const talk = await host.startConversation('ben');
  await host.send(talk, { client_message_id: 'first', message_type: 'text', body: 'before' });
  const ben = await ChatTab.open(browser, system, 'ben');
  await ben.openConversation();
  await ben.message('before').waitFor();
  await ben.setLine('cut');
  await ben.page.getByTestId('offline-banner').waitFor();
  await writeMany(talk);
  await host.send(talk, { client_message_id: 'newest', message_type: 'text', body: 'the newest' });

  // Measured in the page: from the connection to the message.
  const shown = ben.page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let connectedAt: number | undefined;
        const look = () => {
          const isConnected = document.querySelector(
            '[data-testid="connection-state"][data-state="connected"]',
          );
          if (isConnected) connectedAt ??= performance.now();
          const last = [...document.querySelectorAll('[data-testid="message"]')].at(-1);
          if (connectedAt !== undefined && last?.textContent?.includes('the newest'))
            resolve(performance.now() - connectedAt);
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
  await ben.setLine('open');
  const ms = await shown;
  const elements = await ben.page.evaluate(() => document.querySelectorAll('*').length);
  process.stderr.write(`${JSON.stringify({ missed: MISSED, shown_after_ms: Math.round(ms), elements })}\n`);
  expect(ms).toBeLessThan(SHOWN_WITHIN_MS);
  expect(elements).toBeLessThan(MOST_ELEMENTS);
  await ben.close();
});
