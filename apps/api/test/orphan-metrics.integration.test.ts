import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { expireOrphanMedia } from '../src/background/sweeper/expire-orphans.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { createMetrics } from '../src/metrics/create-metrics.ts';
import { resultOf } from './harness/results.ts';
import { runDuty } from './harness/run-duty.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});
afterAll(() => db?.close());

const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);

test('an orphan counts when it should have been removed ten minutes ago, not while it waits for its time', async () => {
  const { registry } = createMetrics(db.database);
  const unreferenced = async () =>
    /^claimcheck_unreferenced_media (\d+)$/m.exec(
      await registry.getSingleMetricAsString('claimcheck_unreferenced_media'),
    )?.[1];
  const orphans = async () =>
    /^claimcheck_orphans (\d+)$/m.exec(await registry.getSingleMetricAsString('claimcheck_orphans'))?.[1];
  const media_object_id = await db.uploaded();
  for (const stage of ['preview', 'scan', 'final'] as const)
    await db.database.transaction((tx) => applyResult(tx, settings, resultOf(media_object_id, stage)));
  const letExpire = (expires_at: Date) =>
    db.database.client.media_object.update({ where: { media_object_id }, data: { expires_at } });

  await letExpire(minutesAgo(-60));
  expect([await unreferenced(), await orphans()]).toEqual(['1', '0']);
  await letExpire(minutesAgo(1));
  expect(await orphans()).toBe('0');
  await letExpire(minutesAgo(11));
  expect(await orphans()).toBe('1');
  await runDuty(expireOrphanMedia({ database: db.database, settings }), new Date());
  const { state } = await db.database.client.media_object.findUniqueOrThrow({ where: { media_object_id } });
  // Its grace period has started.
  expect([state, await orphans()]).toEqual(['expiring', '0']);
  await letExpire(minutesAgo(11));
  expect(await orphans()).toBe('1');
});
