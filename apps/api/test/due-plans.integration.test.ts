import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { expireOrphanMedia } from '../src/background/sweeper/expire-orphans.ts';
import { FIRST_DUE, listOrphans } from '../src/media/removal/orphans.ts';
import { FIRST_OVERDUE, listOverdue } from '../src/media/results/overdue-media.ts';
import { runDuty } from './harness/run-duty.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

const ROWS = 40_000;
const HOUR = 3_600_000;

let db: TestDatabase;
let admin: pg.Client;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
  admin = new pg.Client({ connectionString: db.url });
  await admin.connect();
  await admin.query(
    `INSERT INTO media_object (media_object_id, owner_user_id, filename, content_type, size_bytes, state,
       upload_state, object_storage_key, s3_bucket)
     SELECT id, 'owner-' || n % 50, 'a', 'image/jpeg', 1, 'ready', 'uploaded', id || '/source', 'claimcheck'
     FROM generate_series(1, $1::int) AS n,
       LATERAL (SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id) AS made`,
    [ROWS],
  );
}, 60_000);
afterAll(async () => {
  await admin?.end();
  await db?.close();
});

/** Makes the newest rows due. Postgres expects due rows to be spread evenly, and here they are not. */
const makeDue = async (column: 'expires_at' | 'ready_by', state: string, due: number): Promise<void> => {
  await admin.query(`UPDATE media_object SET expires_at = NULL, ready_by = NULL, state = 'ready'`);
  await admin.query(
    `UPDATE media_object SET ${column} = now() - interval '1 hour', state = $2::media_state WHERE media_object_id IN
       (SELECT media_object_id FROM media_object ORDER BY media_object_id DESC LIMIT $1)`,
    [due, state],
  );
  await admin.query('VACUUM ANALYZE media_object');
};

/** Returns the plan of the one statement that `list` sends, and the number of rows that it discarded. */
const explain = async (list: () => Promise<unknown>): Promise<string> => {
  const sent = vi.spyOn(pg.Client.prototype, 'query');
  await list();
  const call = sent.mock.calls
    .map(([query]) => query as unknown as { text: string; values: unknown[] })
    .at(-1);
  sent.mockRestore();
  if (call === undefined) throw new Error('nothing was sent');
  const { rows } = await admin.query(`EXPLAIN (ANALYZE, COSTS OFF) ${call.text}`, call.values);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
};

const removed = (plan: string): number =>
  [...plan.matchAll(/Rows Removed by Filter: (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);

const SHARES = [
  ['little', 100],
  ['much', ROWS / 2],
  ['everything', ROWS],
] as const;

describe.each(SHARES)('with %s due', (_, due) => {
  const now = () => new Date();

  test('a page of orphans comes from the index of what is due', async () => {
    await makeDue('expires_at', 'ready', due);
    const plan = await explain(() => listOrphans(db.database, now(), FIRST_DUE, 50));
    expect(plan).toContain('media_object_due_orphans');
    expect(removed(plan)).toBeLessThan(100);
  });

  test('a page of overdue media comes from the index of what is due', async () => {
    await makeDue('ready_by', 'processing', due);
    const plan = await explain(() => listOverdue(db.database, now(), FIRST_OVERDUE, 100));
    expect(plan).toContain('media_object_due_placeholders');
    expect(removed(plan)).toBeLessThan(100);
  });
});

test('sweepers share a backlog of orphans: each is expired once', async () => {
  const due = 200;
  await makeDue('expires_at', 'ready', due);
  const sweep = () => runDuty(expireOrphanMedia({ database: db.database, settings }), new Date());
  const reports = await Promise.all([sweep(), sweep(), sweep()]);
  const decisions = reports.flatMap((report) => report.decisions);
  expect(decisions.filter((decision) => decision === 'error')).toEqual([]);
  expect(decisions).toHaveLength(due);
  expect(await db.database.client.media_object.count({ where: { state: 'expiring' } })).toBe(due);
  // Their grace is over: they are gone, each in one row of usage or none, in one order.
  const later = new Date(Date.now() + settings.orphanGraceMs + HOUR);
  const end = () => runDuty(expireOrphanMedia({ database: db.database, settings }), later);
  const ended = (await Promise.all([end(), end(), end()])).flatMap((report) => report.decisions);
  expect(ended).toEqual(Array.from({ length: due }, () => 'expired'));
});
