import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { metricOf } from '../harness/metric-of.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';
import { ALERT_RULES, alertRules } from './chart/alert-rules.ts';
import { namedMetrics, offeredNames } from './metric-names.ts';
import { promtool } from './promtool.ts';

const INFRA = fileURLToPath(new URL('../../infra', import.meta.url));
const DASHBOARDS = join(INFRA, 'helm/claimcheck/files/dashboards');
const ALERT_TESTS = ['alerts/alerts.test.yaml', 'alerts/alerts-over-days.test.yaml'].map((path) =>
  join(INFRA, path),
);

const rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({ alert: z.string(), expr: z.string(), annotations: z.object({ runbook_url: z.string() }) }),
      ),
    }),
  ),
});

let system: System;
let offered: Set<string>;

beforeAll(async () => {
  system = await startSystem(inject('stack'), {
    SWEEP_INTERVAL: '1s',
  });
  const texts = await Promise.all(
    Object.values(system.adminUrls).map(async (url) => (await fetch(`${url}/metrics`)).text()),
  );
  offered = offeredNames(texts.join('\n'));
});
afterAll(() => system?.stop());

const alertsOf = async () =>
  rules.parse(parse(await readFile(ALERT_RULES, 'utf8'))).groups.flatMap((group) => group.rules);

describe('alerts', () => {
  test('fire in their case, and stay quiet close to it', async () => {
    const printed = await promtool('test', 'rules', ...ALERT_TESTS);
    expect(printed.match(/SUCCESS/g)).toHaveLength(ALERT_TESTS.length);
  });

  test('the rules for compose.yaml are those of the chart (npm run chart-values writes them)', async () => {
    expect(await readFile(ALERT_RULES, 'utf8')).toBe(await alertRules());
  });

  test('each is tested both ways', async () => {
    const tried = (await Promise.all(ALERT_TESTS.map((path) => readFile(path, 'utf8')))).join('');
    for (const { alert } of await alertsOf())
      for (const way of ['fires', 'stays quiet']) expect(tried).toContain(`name: ${alert} ${way}\n`);
  });

  test('each has a section in the runbook, and each section an alert', async () => {
    const runbook = await readFile(join(INFRA, 'runbook.md'), 'utf8');
    const sections = [...runbook.matchAll(/^## (\S+)$/gm)].map(([, title]) => title);
    const alerts = await alertsOf();
    expect(sections.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
    for (const { alert, annotations } of alerts)
      expect(annotations.runbook_url).toBe(`infra/runbook.md#${alert.toLowerCase()}`);
  });

  test('use metrics that exist', async () => {
    const asked = (await alertsOf()).flatMap(({ expr }) => namedMetrics(expr));
    expect(asked.length).toBeGreaterThan(15);
    expect(asked.filter((name) => !offered.has(name))).toEqual([]);
  });
});

test('dashboards draw metrics that exist', async () => {
  const files = (await readdir(DASHBOARDS)).filter((name) => name.endsWith('.json'));
  expect(files).toHaveLength(4);
  const texts = await Promise.all(files.map((name) => readFile(join(DASHBOARDS, name), 'utf8')));
  const drawn = texts.flatMap(namedMetrics);
  expect(drawn.length).toBeGreaterThan(30);
  expect(drawn.filter((name) => !offered.has(name))).toEqual([]);
});

/** Waits until a metric exceeds an earlier value. */
const rises = async (
  app: 'api' | 'worker' | 'gateway',
  name: string,
  labels: string,
  from: number,
): Promise<void> => {
  await until(async () => ((await metricOf(system.adminUrls[app], name, labels)) > from ? true : undefined), {
    withinMs: 20_000,
    what: `${name}{${labels}} of ${app} to rise above ${from}`,
  });
};

describe('each signal rises when it should', () => {
  let ann: ChatUser;
  let media: string;

  test('a photo: success, bytes, storage requests, jobs, time to preview and ready', async () => {
    const signals = [
      ['api', 'claimcheck_uploads_total', 'outcome="finished"'],
      ['api', 'claimcheck_upload_bytes_total', ''],
      ['api', 'claimcheck_storage_requests_total', 'operation="PUT"'],
      ['worker', 'claimcheck_storage_requests_total', 'operation="PUT"'],
      ['worker', 'claimcheck_jobs_total', 'step="preview",outcome="success"'],
      ['api', 'claimcheck_time_to_preview_seconds_count', ''],
      ['api', 'claimcheck_time_to_ready_seconds_count', 'kind="image"'],
    ] as const;
    const before = await Promise.all(
      signals.map(([app, name, labels]) => metricOf(system.adminUrls[app], name, labels)),
    );
    // They exist, at 0, before anything happens, so that a first failure is an increase.
    expect(before.slice(0, 2)).toEqual([0, 0]);
    ann = new ChatUser(system, 'ann');
    media = await ann.upload({ bytes: await smallPhoto(), filename: 'china.jpg', filetype: 'image/jpeg' });
    for (const [index, [app, name, labels]] of signals.entries())
      await rises(app, name, labels, before[index] ?? 0);
  });

  test('a download, and a refused one', async () => {
    const ok = await ann.fetch(`/v1/media/${media}/thumbnail`, { redirect: 'manual' });
    expect(ok.status).toBe(302);
    await rises('api', 'claimcheck_downloads_total', 'outcome="ok"', 0);
    const stranger = await new ChatUser(system, 'eve').fetch(`/v1/media/${media}/thumbnail`, {
      redirect: 'manual',
    });
    expect(stranger.status).toBe(404);
    await rises('api', 'claimcheck_downloads_total', 'outcome="not_found"', 0);
  });

  test('an abandoned upload: its session is counted while it is open', async () => {
    const created = await ann.fetch('/v1/uploads', {
      method: 'POST',
      headers: {
        'tus-resumable': '1.0.0',
        'upload-length': '1000',
        'upload-metadata': 'filename YQ==,filetype aW1hZ2UvanBlZw==',
      },
    });
    expect(created.status).toBe(201);
    await rises('api', 'claimcheck_upload_sessions_open', '', 0);
    await rises('api', 'claimcheck_upload_session_oldest_age_seconds', '', 0);
  });

  test('a client without a token', async () => {
    expect((await fetch(`${system.apiUrl}/v1/media/${media}`)).status).toBe(401);
    await rises('api', 'claimcheck_authorization_failures_total', 'surface="http",reason="missing"', 0);
  });

  test('workers away: what waits, and for how long', async () => {
    await system.apps.worker.stop();
    await ann.upload({ bytes: await smallPhoto(), filename: 'late.jpg', filetype: 'image/jpeg' });
    await rises('api', 'claimcheck_queue_pending', 'consumer="media-worker"', 0);
    await rises('api', 'claimcheck_queue_oldest_age_seconds', 'consumer="media-worker"', 0);
  });
});
