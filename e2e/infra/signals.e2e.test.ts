import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { MediaUrlItem } from '@claimcheck/contracts/rest';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { DirectUploader, putSigned, randomFile } from '../harness/direct-upload.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { metricOf } from '../harness/metric-of.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

const TICKETS = `first:${randomUUID()}${randomUUID()}`;
const CREATE = { 'tus-resumable': '1.0.0', 'upload-metadata': 'filename YQ==,filetype aW1hZ2UvanBlZw==' };

let system: System;
afterAll(() => system?.stop());

const readMetric = (name: string, labels: string) =>
  metricOf(system.adminUrls.api, `claimcheck_${name}`, labels);

/** Runs an action and waits until a series has risen by the expected amount. */
const risesBy = async (by: number, [name, labels]: [string, string], act: () => Promise<unknown>) => {
  const before = await readMetric(name, labels);
  await act();
  await until(async () => ((await readMetric(name, labels)) === before + by ? true : undefined), {
    withinMs: 10_000,
    what: `${name}{${labels}} to rise by ${by}`,
  });
};

describe.each(['redirect', 'proxy'] as const)('DOWNLOAD_MODE=%s', (mode) => {
  let ann: ChatUser;
  let photo: string;

  beforeAll(async () => {
    await system?.stop();
    system = await startSystem(inject('stack'), {
      DOWNLOAD_MODE: mode,
      TOKEN_SECRETS: TICKETS,
      MAX_UPLOAD_BYTES: '5000000',
      SWEEP_INTERVAL: '1s',
    });
    ann = new ChatUser(system, 'ann');
    photo = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
    await ann.mediaIn(photo, ['ready']);
  });

  test('each URL that a client asks for in bulk counts as a download', async () => {
    const items = ['thumbnail', 'medium', 'high'].map((quality) => ({ id: photo, quality }));
    await risesBy(3, ['downloads_total', 'outcome="ok"'], () =>
      ann.call('POST', '/v1/media/urls', { items }),
    );
    await risesBy(1, ['downloads_total', 'outcome="not_found"'], async () => {
      const eve = new ChatUser(system, 'eve');
      const { body } = await eve.call<{ items: MediaUrlItem[] }>('POST', '/v1/media/urls', {
        items: [{ id: photo, quality: 'high' }],
      });
      expect(body.items[0]).toMatchObject({ error: { code: 'not_found' } });
    });
  });

  test('an upload that is created, refused or failed counts at once', async () => {
    const create = (length: number) =>
      ann.fetch('/v1/uploads', { method: 'POST', headers: { ...CREATE, 'upload-length': String(length) } });
    await risesBy(1, ['uploads_total', 'protocol="tus",outcome="created"'], () => create(1_000));
    await risesBy(1, ['uploads_total', 'protocol="tus",outcome="refused"'], async () => {
      expect((await create(6_000_000)).status).toBe(413);
    });
    const file = { ...randomFile(Buffer.alloc(10), ['put']), size_bytes: 6_000_000 };
    await risesBy(1, ['uploads_total', 'outcome="refused"'], async () => {
      expect((await new DirectUploader(ann).authorize(file)).status).toBe(413);
    });
    // Without a token there was no attempt.
    await risesBy(0, ['uploads_total', 'outcome="refused"'], () =>
      fetch(`${system.apiUrl}/v1/uploads`, { method: 'POST', headers: CREATE }),
    );
  });

  test('an upload that goes to the storage directly counts once, when created and when finished', async () => {
    const bytes = Buffer.alloc(2_000, 'a');
    const uploader = new DirectUploader(ann);
    await risesBy(1, ['uploads_total', 'protocol="put",outcome="finished"'], () =>
      risesBy(1, ['uploads_total', 'protocol="put",outcome="created"'], async () => {
        const file = randomFile(bytes, ['put']);
        const { body } = await uploader.authorize(file);
        await uploader.authorize(file);
        await putSigned(body.upload, new Uint8Array(bytes));
        expect((await uploader.complete(body.media.media_object_id)).status).toBe(200);
      }),
    );
  });

  test('refusals of valid tokens are counted apart from invalid tokens', async () => {
    const eve = new ChatUser(system, 'eve');
    await risesBy(1, ['authorization_failures_total', 'reason="not_found"'], () =>
      eve.fetch(`/v1/media/${photo}`),
    );
    await risesBy(1, ['authorization_failures_total', 'reason="forbidden"'], () =>
      eve.fetch('/v1/users/ann', { method: 'DELETE' }),
    );
    const withToken = (token: string) =>
      fetch(`${system.apiUrl}/v1/media/${photo}`, { headers: { authorization: `Bearer ${token}` } });
    const forged = system.tokenFor('ann', { secret: 'x'.repeat(40) });
    await risesBy(1, ['authorization_failures_total', 'reason="signature"'], () => withToken(forged));
    const foreign = system.tokenFor('auth0|6123');
    await risesBy(1, ['authorization_failures_total', 'reason="subject"'], () => withToken(foreign));
    // The answer does not say which; the log does, once for each reason.
    expect(await (await withToken(forged)).json()).toMatchObject({ code: 'unauthorized' });
    const log = system.apps.api.logTail(5_000);
    for (const reason of ['signature', 'subject'])
      expect(
        log
          .split('\n')
          .filter((line) => line.includes(`"reason":"${reason}"`) && line.includes('token refused')),
      ).toHaveLength(1);
  });

  test('unreferenced media counts while it has time, its overdue share apart, and the store by class', async () => {
    expect(await readMetric('unreferenced_media', '')).toBeGreaterThanOrEqual(2);
    expect(await readMetric('unreferenced_bytes', '')).toBeGreaterThan(0);
    expect(await readMetric('orphans', '')).toBe(0);
    for (const one of ['source', 'derivative', 'unfinished'])
      await until(
        async () =>
          (await readMetric('stored_bytes_counted_at_seconds', `class="${one}"`)) > 0 ? true : undefined,
        { withinMs: 10_000, what: `bytes of the class ${one} to be counted` },
      );
  });

  test('a lost object counts as our own fault, not as the client’s', async () => {
    const { S3_ENDPOINT: endpoint = '', S3_REGION: region = '', S3_BUCKET: Bucket = '' } = system.env;
    const { S3_ACCESS_KEY_ID: accessKeyId = '', S3_SECRET_ACCESS_KEY: secretAccessKey = '' } = system.env;
    const credentials = { accessKeyId, secretAccessKey };
    const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    await s3.send(new DeleteObjectCommand({ Bucket, Key: join(photo, 'source') }));
    s3.destroy();
    // A redirect does not check the object; HEAD does in both modes.
    await risesBy(1, ['downloads_total', 'quality="original",outcome="lost"'], async () => {
      expect((await ann.fetch(`/v1/media/${photo}/original`, { method: 'HEAD' })).status).toBe(410);
    });
    expect(system.apps.api.logTail(5_000)).toContain('the bucket has no such object');
  });
});

describe('roles in processes of their own', () => {
  test('a process has no series for things that it does not measure', async () => {
    await system?.stop();
    system = await startSystem(inject('stack'), {}, { api: { ROLES: 'http' } });
    const metrics = await (await fetch(`${system.adminUrls.api}/metrics`)).text();
    for (const name of ['queue_oldest_age_seconds', 'queue_pending', 'dead_letters', 'stored_bytes'])
      expect(metrics).not.toMatch(new RegExp(`^claimcheck_${name}\\{`, 'm'));
    // Nothing was compared yet.
    expect(metrics).toMatch(/^claimcheck_missing_objects Nan$/m);
    const roles = async (app: 'api' | 'worker' | 'gateway') =>
      [
        ...(await (await fetch(`${system.adminUrls[app]}/metrics`)).text()).matchAll(
          /claimcheck_role_up\{role="(\w+)"\} 1/g,
        ),
      ].map(([, role]) => role);
    expect([await roles('api'), await roles('worker'), await roles('gateway')]).toEqual([
      ['http'],
      ['media', 'transcode'],
      ['gateway'],
    ]);
  });
});
