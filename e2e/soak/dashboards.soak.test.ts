import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launchChromium } from '../harness/chromium.ts';
import { DrillWorld } from '../harness/drill-world.ts';
import { videoFile } from '../harness/fixtures.ts';
import { Seeded, seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { fillPanels, readDashboard } from './dashboards/dashboard.ts';
import { drawPage } from './dashboards/draw-page.ts';
import { type Prometheus, startPrometheus } from './dashboards/start-prometheus.ts';
import { ChattingClient } from './drills/chatting-client.ts';
import { uniqueFile } from './drills/unique-file.ts';
import { soakMs } from './soak-minutes.ts';

const USERS = ['ann', 'ben', 'cleo', 'dan', 'eve', 'finn'];
const PICTURE_BYTES = 150_000;
const STEPS = 160;
/** Seconds from one broken file to the next. */
const BROKEN_EVERY = 20;
/** A tenth of the time is calm at both ends, so that a rise and a fall can be seen. */
const CALM = 0.1;

let system: System;
let world: DrillWorld;
let prometheus: Prometheus;
let browser: Browser;
beforeAll(async () => {
  system = await startSystem(inject('stack'), { SWEEP_INTERVAL: '2s' });
  world = new DrillWorld(system, inject('stack'));
  prometheus = await startPrometheus(system.adminUrls);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await prometheus?.stop();
  await world?.close();
  await system?.stop();
});

/** A video that lost its end: no decoder opens it. */
const brokenVideo = async () => {
  const whole = await videoFile();
  return { bytes: whole.subarray(0, whole.length / 2), filename: 'cut.mp4', filetype: 'video/mp4' };
};

/** Six people chat, upload and view what they get; one client connects without a token, one sends broken files. */
const chat = async (): Promise<void> => {
  const { seed } = seeded('dashboards');
  const conversation = await world.user('ann').startConversation(...USERS.slice(1));
  for (const user of USERS) await world.follow(user, conversation);
  const clients = USERS.map((userId) => {
    const random = new Seeded(`${seed}-${userId}`);
    const options = {
      world,
      userId,
      conversations: [conversation],
      apis: [system.apiUrl],
      makeFile: uniqueFile,
    };
    return new ChattingClient({ ...options, random });
  });
  const over = new AbortController();
  const running = Promise.all(clients.map((client) => client.run(over.signal)));
  const until = performance.now() + soakMs() * (1 - 2 * CALM);
  for (let second = 0; performance.now() < until; second += 1) {
    if (second % BROKEN_EVERY === 0) await world.user('eve').upload(await brokenVideo());
    for (const { media_object_id, owner_user_id } of world.history.uploads.slice(-3))
      await world.user(owner_user_id).fetch(`/v1/media/${media_object_id}/thumbnail`);
    await fetch(`${system.apiUrl}/v1/conversations`);
    await pause(1_000);
  }
  over.abort();
  await running;
  await world.settle();
};

test(
  'the dashboards, drawn from the metrics of a run',
  async () => {
    const start = Date.now() / 1_000;
    await pause(soakMs() * CALM);
    await chat();
    await pause(soakMs() * CALM);
    const end = Date.now() / 1_000;
    const range = { start, end, step: Math.max(1, (end - start) / STEPS) };
    for (const name of ['on-call', 'signals', 'pipeline', 'product']) {
      const { title, panels } = await readDashboard(name);
      const filled = await fillPanels(panels, prometheus, range);
      expect(filled.filter(({ lines }) => lines.length === 0).map(({ panel }) => panel.title)).toEqual([]);
      const minutes = Math.round((end - start) / 60);
      const note = `${minutes} minutes, ${world.history.uploads.length} uploads by ${USERS.length} people on one machine`;
      const page = drawPage({ title, note }, filled, range);
      const { width, height } = page;
      const tab = await browser.newPage({ viewport: { width, height } });
      await tab.setContent(page.html);
      const path = fileURLToPath(new URL(`../../docs/images/dashboard-${name}.png`, import.meta.url));
      await tab.screenshot({ path });
      expect((await stat(path)).size).toBeLessThan(PICTURE_BYTES);
    }
  },
  soakMs() * 2 + 300_000,
);
