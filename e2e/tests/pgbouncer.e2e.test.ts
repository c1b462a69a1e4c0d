import { Database, Prisma } from '@claimcheck/database/database';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { runDoctor } from '../harness/doctor.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { type PgBouncer, poolModes, startPgBouncer } from '../harness/pgbouncer.ts';
import { newAppName, type System, startSystem } from '../harness/system.ts';

describe.each(await poolModes())('behind PgBouncer with the documented settings, in mode %s', (mode) => {
  let pgbouncer: PgBouncer;
  let system: System;
  let url: string;

  beforeAll(async () => {
    const appName = newAppName();
    pgbouncer = await startPgBouncer(inject('stack').DATABASE_URL ?? '', mode);
    url = pgbouncer.urlOf(appName);
    const own = { DATABASE_URL: url };
    system = await startSystem(inject('stack'), { APP_NAME: appName }, { api: own, gateway: own });
  });
  afterAll(async () => {
    await system?.stop();
    await pgbouncer?.stop();
  });

  test('a photo becomes ready, and a member is notified', async () => {
    const [ann, ben] = [new ChatUser(system, 'ann'), new ChatUser(system, 'ben')];
    const conversation = await ann.startConversation('ben');
    await ben.follow(conversation);
    const photo = { bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' };
    const id = await ann.upload(photo, { conversation_id: conversation });
    await ann.send(conversation, { client_message_id: 'm', message_type: 'image', media_object_id: id });
    await ben.event('media.updated', ({ media }) => media.media_object_id === id && media.state === 'ready');
    ben.leave();
  });

  test('statements prepared on one connection serve others in parallel', async () => {
    const database = new Database({ url, poolSize: 4 });
    const ask = () => database.query(Prisma.sql`SELECT ${'1'}::text AS one`);
    try {
      expect(await Promise.all(Array.from({ length: 100 }, ask))).toEqual(Array(100).fill([{ one: '1' }]));
    } finally {
      await database.close();
    }
  });

  test('the doctor misses the time-outs until the database says them', async () => {
    const line = async () => (await runDoctor(system.apiEnv)).line('postgres time-outs');
    expect(await line()).toMatchObject({ verdict: 'warning', fix: expect.stringContaining('ALTER ROLE') });
    const past = new Database({ url: system.databaseUrl, poolSize: 1 });
    try {
      await past.client.$executeRawUnsafe(`ALTER DATABASE "${system.appName}" SET statement_timeout = '10s'`);
      // PgBouncer's existing connections do not have it.
      await past.query(Prisma.sql`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = ${system.appName} AND pid <> pg_backend_pid()`);
    } finally {
      await past.close();
    }
    expect(await line()).toMatchObject({ verdict: 'ok', detail: 'a statement ends after 10s' });
  });
});
