import { readFile } from 'node:fs/promises';
import { Database } from '@claimcheck/database/database';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { type Clamd, startClamd } from '../harness/clamd.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { metricOf } from '../harness/metric-of.ts';
import { runClaimcheck } from '../harness/run-to-end.ts';
import { type AppName, type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

/** Metrics of what an operator watches that e2e/infra/monitoring.e2e.test.ts does not make rise. */
interface Signal {
  /** The action in words. */
  when: string;
  act: () => Promise<void>;
  shows: [app: AppName, name: string, labels?: string][];
}

const FILES = new URL('../../infra/helm/claimcheck/files/', import.meta.url);

let system: System;
let clamd: Clamd;
let ann: ChatUser;
let ben: ChatUser;
let conversation: string;
let photo: string;

const upload = async (): Promise<string> => {
  const id = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
  await ann.mediaIn(id, ['ready']);
  return id;
};

beforeAll(async () => {
  clamd = await startClamd();
  system = await startSystem(
    inject('stack'),
    { ORPHAN_TTL: '1s', SWEEP_INTERVAL: '1s' },
    // No worker transcodes: the backlog is one of the signals.
    { worker: { LANES: 'media', CLAMAV_HOST: '127.0.0.1', CLAMAV_PORT: String(clamd.port) } },
  );
  ann = new ChatUser(system, 'ann');
  ben = new ChatUser(system, 'ben');
  conversation = await ann.startConversation('ben');
});
afterAll(async () => {
  ben?.leave();
  await system?.stop();
  await clamd?.stop();
});

const refuseSocket = async (): Promise<void> => {
  const socket = io(system.gatewayUrl, { transports: ['websocket'], auth: { token: 'no' }, forceNew: true });
  await new Promise((resolve) => socket.once('connect_error', resolve));
  socket.disconnect();
};

/** A socket whose client sends what ours never do; the gateway ends it. */
const sendRaw = async (frame: string | Uint8Array<ArrayBuffer>): Promise<void> => {
  const socket = new WebSocket(
    `${system.gatewayUrl.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
  );
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
  // engine.io's greeting, our log-in, and then the frame.
  socket.addEventListener('message', ({ data }) => {
    if (String(data).startsWith('0')) socket.send(`40${JSON.stringify({ token: ann.token })}`);
    else if (String(data).startsWith('40')) socket.send(frame);
  });
  await closed;
};

const publishPoison = async (): Promise<void> => {
  const connection = await connect({ servers: system.env.NATS_URL });
  await jetstream(connection).publish(`${system.appName}.media.optimize.request`, 'not JSON');
  await connection.close();
};

const loseObject = async (key: string): Promise<void> => {
  const bucket = new Bucket(inject('stack'));
  await bucket.delete(key);
  bucket.close();
};

const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);

/** As if it had waited for longer than a test may. */
const letPass = async (
  data: { ready_by: Date } | { expires_at: Date },
  media_object_id: string,
): Promise<void> => {
  const database = new Database({ url: system.databaseUrl, poolSize: 1 });
  await database.client.media_object.updateMany({ where: { media_object_id }, data });
  await database.close();
};

/** All processes share one count, and it is minutes until the next. */
const countStoredBytesNow = async (): Promise<void> => {
  const database = new Database({ url: system.databaseUrl, poolSize: 1 });
  await database.client.stored_bytes_count.updateMany({ data: { next_at: new Date(0) } });
  await database.close();
};

/** As if the process that wrote them had died before it published them. */
const leaveUnpublished = async (): Promise<void> => {
  const database = new Database({ url: system.databaseUrl, poolSize: 1 });
  const left = await database.client.outbox.updateMany({ data: { published_at: null } });
  await database.close();
  expect(left.count).toBeGreaterThan(0);
};

/** Shown before anything is done, and still then; everything else rises. */
const FROM_THE_START = ['claimcheck_scanner_up', 'claimcheck_subject_without_consumer'];

const SIGNALS: Signal[] = [
  {
    when: 'a photo is processed, and sent to a follower',
    act: async () => {
      await ben.follow(conversation);
      photo = await upload();
      const sent = await ann.send(conversation, {
        client_message_id: 'one',
        message_type: 'image',
        media_object_id: photo,
      });
      expect(sent.status).toBe(201);
    },
    shows: [
      ['worker', 'claimcheck_job_duration_seconds_count', 'step="preview"'],
      ['worker', 'claimcheck_scanner_up'],
      ['gateway', 'claimcheck_gateway_connections'],
      ['gateway', 'claimcheck_gateway_deliveries_total'],
    ],
  },
  {
    when: 'the api starts, and measures what is stored',
    act: async () => {
      await countStoredBytesNow();
      await system.restart('api');
    },
    shows: [
      ['api', 'claimcheck_stored_bytes', 'class="source"'],
      ['api', 'claimcheck_stored_bytes', 'class="derivative"'],
      ['api', 'claimcheck_stored_bytes', 'class="source"'],
    ],
  },
  {
    when: 'a client could not load what it was redirected to',
    act: async () => {
      const { status } = await ann.call('POST', '/v1/client-reports', {
        kind: 'download',
        reason: 'network',
      });
      expect(status).toBe(204);
    },
    shows: [['api', 'claimcheck_client_reports_total', 'kind="download"']],
  },
  {
    when: 'a client connects with a token that is none',
    act: refuseSocket,
    shows: [['gateway', 'claimcheck_authorization_failures_total', 'surface="gateway",reason="malformed"']],
  },
  {
    when: 'a client sends bytes',
    act: () => sendRaw(new Uint8Array([1, 2, 3])),
    shows: [['gateway', 'claimcheck_gateway_binary_frames_total']],
  },
  {
    when: 'a client sends too much at once',
    act: () => sendRaw(`42["subscribe","${'x'.repeat(20_000)}"]`),
    shows: [['gateway', 'claimcheck_gateway_dropped_total', 'reason="oversize_frame"']],
  },
  {
    when: 'a message cannot be read, and no worker transcodes',
    act: publishPoison,
    shows: [
      ['api', 'claimcheck_dead_letters', 'consumer="media-worker"'],
      ['api', 'claimcheck_subject_without_consumer', '.media.transcode.request"'],
    ],
  },
  {
    when: 'the store has lost an object',
    act: async () => {
      await loseObject(`${photo}/source`);
      const { code } = await runClaimcheck(system.apiEnv, 'reconcile');
      expect(code).toBe(1);
    },
    shows: [['api', 'claimcheck_missing_objects']],
  },
  {
    when: 'no relay runs and no sweeper',
    act: async () => {
      const orphan = await upload();
      await system.restart('api', { ROLES: 'http' });
      const id = await ann.upload({ bytes: await smallPhoto(), filename: 'b.jpg', filetype: 'image/jpeg' });
      await letPass({ ready_by: minutesAgo(2) }, id);
      await letPass({ expires_at: minutesAgo(11) }, orphan);
      await leaveUnpublished();
    },
    shows: [
      ['api', 'claimcheck_orphans'],
      ['api', 'claimcheck_orphan_bytes'],
      ['api', 'claimcheck_outbox_pending'],
      ['api', 'claimcheck_outbox_oldest_age_seconds'],
      ['api', 'claimcheck_placeholders_overdue'],
    ],
  },
];

/** A gauge that was never measured is NaN, and counts as 0 here. */
const read = async (app: AppName, name: string, labels = '') =>
  (await metricOf(system.adminUrls[app], name, labels)) || 0;

describe('do the thing, read the metric', () => {
  test.each(SIGNALS)('$when', async ({ act, shows }) => {
    const before = await Promise.all(shows.map((metric) => read(...metric)));
    await act();
    for (const [index, [app, name, labels]] of shows.entries()) {
      const least = FROM_THE_START.includes(name) ? 0 : (before[index] ?? 0);
      await until(async () => ((await read(app, name, labels)) > least ? true : undefined), {
        withinMs: 40_000,
        what: `${name}{${labels ?? ''}} of ${app} to rise above ${least}`,
      });
    }
  });

  test('the scanner goes away; its age is shown from the start', async () => {
    const text = await (await fetch(`${system.adminUrls.worker}/metrics`)).text();
    expect(text).toMatch(/^claimcheck_scanner_signature_age_seconds \d/m);
    await clamd.stop();
    await until(async () => ((await read('worker', 'claimcheck_scanner_up')) === 0 ? true : undefined), {
      withinMs: 10_000,
      what: 'the scanner to be seen as away',
    });
  });
});

/** An operator's metrics: the eight signals of the pattern. */
const WATCHED: [signal: string, metric: string, alert: string][] = [
  ['upload success', 'claimcheck_uploads_total', 'ClaimcheckUploadsFail'],
  ['session age', 'claimcheck_upload_session_oldest_age_seconds', 'ClaimcheckUploadSessionsOld'],
  ['orphans', 'claimcheck_orphans', 'ClaimcheckOrphansPileUp'],
  ['queue lag', 'claimcheck_queue_oldest_age_seconds', 'ClaimcheckQueueLags'],
  ['download errors', 'claimcheck_downloads_total', 'ClaimcheckDownloadsFail'],
  ['storage cost', 'claimcheck_stored_bytes', 'ClaimcheckStorageCostGrows'],
  ['thumbnail failures', 'claimcheck_jobs_total', 'ClaimcheckThumbnailsFail'],
  ['scan failures', 'claimcheck_jobs_total', 'ClaimcheckScansFail'],
  ['authorisation failures', 'claimcheck_authorization_failures_total', 'ClaimcheckAuthorizationFails'],
];

const rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});
const dashboard = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })).default([]) })),
});

describe('each of the eight signals', () => {
  test.each(WATCHED)(
    '%s has a metric, a panel, an alert and a section of the runbook',
    async (_, metric, alert) => {
      const texts = await Promise.all(
        Object.values(system.adminUrls).map(async (url) => (await fetch(`${url}/metrics`)).text()),
      );
      expect(texts.join('\n')).toContain(`# TYPE ${metric} `);
      const { panels } = dashboard.parse(
        JSON.parse(await readFile(new URL('dashboards/signals.json', FILES), 'utf8')),
      );
      const drawn = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
      expect(drawn.filter((expr) => expr.includes(metric))).not.toEqual([]);
      const { groups } = rules.parse(
        parse(await readFile(new URL('../../infra/prometheus/alerts.yaml', import.meta.url), 'utf8')),
      );
      const rule = groups.flatMap((group) => group.rules).find((one) => one.alert === alert);
      expect(rule?.expr).toContain(metric);
      const runbook = await readFile(new URL('../../../runbook.md', FILES), 'utf8');
      expect(runbook).toContain(`\n## ${alert}\n`);
    },
  );
});
