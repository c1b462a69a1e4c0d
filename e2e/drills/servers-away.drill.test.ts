import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { DrillWorld } from '../harness/drill-world.ts';
import { type FaultySystem, printLogOfFailure, startFaultySystem } from '../harness/faulty-system.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { seeded } from '../harness/seeded.ts';
import type { Link } from '../harness/toxiproxy.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 ** 2;
const TYPE = { filename: 'random.bin', filetype: 'application/octet-stream' };
const UPLOADS = 15;
/** In the soak it is a minute and more. */
const BROKER_AWAY_MS = 8_000;
const NOTICED_MS = 15_000;
/** A query without an answer ends after 15 s; its request may be repeated. */
const ANSWERED_MS = 40_000;

let faulty: FaultySystem;
let world: DrillWorld;
let conversation: string;

beforeAll(async () => {
  faulty = await startFaultySystem(inject('stack'));
  world = new DrillWorld(faulty.system, inject('stack'));
  conversation = await world.user('ann').startConversation('ben');
  await world.follow('ben', conversation);
  await world.markResources();
});
afterAll(async () => {
  await world?.close();
  await faulty?.stop();
});
afterEach(({ task }) => printLogOfFailure(task, faulty));

const readiness = () => fetch(`${faulty.system.adminUrls.api}/readyz`);

const failingChecks = async (): Promise<string[]> => {
  const response = await readiness();
  const { checks } = (await response.json()) as { checks: Record<string, string> };
  return Object.keys(checks).filter((name) => checks[name] !== 'ok');
};

const untilFailing = (names: string[]): Promise<true> =>
  until(async () => (JSON.stringify(await failingChecks()) === JSON.stringify(names) ? true : undefined), {
    withinMs: NOTICED_MS,
    what: `readyz to name ${names.join(', ') || 'nothing'}`,
  });

test('drill 10: NATS is down; uploads and messages work, and everything settles afterwards', async () => {
  const random = seeded('drill 10');
  let slowestMs = 0;
  await faulty.natsLink.cut();
  const backAt = performance.now() + BROKER_AWAY_MS;
  try {
    await untilFailing(['broker']);
    // A load balancer that uses only ready processes must not remove one that still serves.
    expect((await readiness()).status).toBe(200);
    for (let left = UPLOADS; left > 0; left -= 1) {
      const bytes = random.pick([await smallPhoto(), random.bytes(random.int(1, 12 * MIB))]);
      const startedAt = performance.now();
      const upload = await world.create('ann', { ...TYPE, bytes });
      expect(await upload.patch(0, bytes)).toMatchObject({ kind: 'answered', status: 204 });
      slowestMs = Math.max(slowestMs, Math.round(performance.now() - startedAt));
      world.acknowledge('ann', upload.id, bytes);
      await world.send('ann', conversation, upload.id);
    }
    // The length of the fault, not a wait for a condition.
    await pause(Math.max(0, backAt - performance.now()));
  } finally {
    await faulty.natsLink.join();
  }
  console.log(`${UPLOADS} uploads meanwhile, the slowest took ${slowestMs} ms`);
  await untilFailing([]);
  await world.expectNoViolation(90_000);
});

/** Stops all bytes without closing the connection: a pulled cable. */
const goSilent = async (link: Link): Promise<void> => {
  await link.add('deaf', { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } });
  await link.add('mute', { type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } });
};

test.each([
  ['NATS', 'broker', () => faulty.natsLink],
  ['Postgres', 'database', () => faulty.databaseLink],
])('drill 13: the connections to %s are half-open', async (name, check, link) => {
  const random = seeded(`drill 13, ${name}`);
  const bytes = random.bytes(10 * MIB);
  const upload = await world.create('ann', { ...TYPE, bytes });
  const patch = upload.openPatch(0, bytes.length, ANSWERED_MS);
  await patch.write(bytes.subarray(0, 6 * MIB));
  const silentAt = performance.now();
  try {
    await goSilent(link());
    void patch.write(bytes.subarray(6 * MIB));
    patch.end();
    await untilFailing([check]);
    const noticedMs = Math.round(performance.now() - silentAt);
    const answer = await patch.answer;
    console.log(`${name}: noticed after ${noticedMs} ms, ${JSON.stringify(answer)}`);
    expect(answer.kind, 'an answer in time').not.toBe('silent');
    // Bytes need no broker; without the database nothing may be acknowledged.
    if (check === 'database') expect(answer).not.toMatchObject({ status: 204 });
  } finally {
    await link().cut();
    await faulty.heal();
  }
  await untilFailing([]);
  await world.finish('ann', upload, bytes);
  await world.send('ann', conversation, upload.id);
  await world.expectNoViolation(90_000);
});
