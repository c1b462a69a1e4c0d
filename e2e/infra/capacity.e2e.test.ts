import { readFile } from 'node:fs/promises';
import { Database } from '@claimcheck/database/database';
import { expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { phonePhoto } from '../harness/fixtures.ts';
import { startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';
import { CAPACITY_DOCUMENT, withTables } from './capacity/capacity-document.ts';
import { MEASURED_BY_HAND, readFigures } from './capacity/figures.ts';
import { largestInstallation, PHOTO, planFor } from './capacity/plan.ts';
import { planTables } from './capacity/plan-tables.ts';

test('docs/capacity.md has the plans that follow from the figures (npm run capacity writes them)', async () => {
  const tables = planTables(await readFigures());
  expect(await readFile(CAPACITY_DOCUMENT, 'utf8')).toBe(await withTables(tables));
});

test('what was measured by hand is in docs/measurements.md', async () => {
  const measurements = await readFile(new URL('../../docs/measurements.md', import.meta.url), 'utf8');
  for (const figure of Object.values(MEASURED_BY_HAND)) expect(measurements).toContain(figure.toString());
});

test('a hundred times as much needs a hundred times as many cores; an installation ends where its stream does', async () => {
  const figures = await readFigures();
  const [small, large] = [planFor(1, figures), planFor(100, figures)];
  expect(large.workerCores).toBeCloseTo(100 * small.workerCores);
  expect(large.gatewayCores).toBeCloseTo(100 * small.gatewayCores);
  const most = largestInstallation(figures);
  expect(planFor(most, figures).installations).toBe(1);
  expect(planFor(most + 1, figures).installations).toBe(2);
});

test('a photo is as many messages and events as the plan counts', async () => {
  const system = await startSystem(inject('stack'));
  const database = new Database({ url: system.databaseUrl, poolSize: 1 });
  try {
    const ann = new ChatUser(system, 'ann');
    const conversation = await ann.startConversation('ben');
    const { last_seq } = await ann.follow(conversation);
    const media_object_id = await ann.upload({
      bytes: await phonePhoto(),
      filename: 'a.jpg',
      filetype: 'image/jpeg',
    });
    await ann.send(conversation, { client_message_id: 'm1', message_type: 'image', media_object_id });
    await ann.mediaIn(media_object_id, ['ready']);
    await until(
      async () =>
        (await database.client.outbox.count({ where: { published_at: null } })) === 0 ? true : undefined,
      {
        withinMs: 10_000,
        what: 'the outbox to be published',
      },
    );
    expect(await database.client.outbox.count()).toBe(PHOTO.outboxMessages);
    const events = await database.client.conversation_event.count({
      where: { conversation_id: conversation },
    });
    expect(events - (last_seq ?? 0)).toBe(PHOTO.events);
    ann.leave();
  } finally {
    await database.close();
    await system.stop();
  }
});
