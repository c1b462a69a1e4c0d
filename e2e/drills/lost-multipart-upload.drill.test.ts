import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { resumeToEnd } from '../harness/resume.ts';
import { S3_STORES, startS3Store } from '../harness/s3-stores.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 * 1_024;
const FILE_BYTES = 24 * MIB + 99;

describe.each(S3_STORES)('on %s', (store) => {
  let system: System;
  let bucket: Bucket;
  let ann: ChatUser;

  let servers: Awaited<ReturnType<typeof startS3Store>>;

  beforeAll(async () => {
    servers = await startS3Store(store, inject('stack'));
    system = await startSystem(servers.env);
    bucket = new Bucket(servers.env);
    ann = new ChatUser(system, 'ann');
  });
  afterAll(async () => {
    bucket?.close();
    await system?.stop();
    await servers?.stop();
  });

  test.each([
    ['before a part that is left', 10 * MIB],
    ['before the Complete', 23 * MIB],
  ])('drill 15: the multipart upload is aborted behind our back, %s', async (what, sent) => {
    const bytes = seeded(`drill 15, ${what}`).bytes(FILE_BYTES);
    const target = { baseUrl: system.apiUrl, token: ann.token };
    const upload = await WireUpload.create(target, bytes.length);
    expect(await upload.patch(0, bytes.subarray(0, sent))).toMatchObject({ status: 204, offset: sent });

    const open = await bucket.openUploads(upload.id);
    expect(open.length, 'a multipart upload is open').toBeGreaterThan(0);
    for (const each of open) await bucket.abort(each);

    const answer = await upload.patch(sent, bytes.subarray(sent));
    console.log(`${what}: ${JSON.stringify(answer)}`);
    expect(answer.kind).toBe('answered');
    if (answer.kind === 'answered') expect(answer.status).toBeGreaterThanOrEqual(400);
    // A persistent client never gets success, and soon learns that it must restart.
    await until(
      async () => {
        const head = await upload.head();
        if (head.kind !== 'answered' || head.status !== 200) return head;
        expect(head.offset, 'HEAD does not claim what is lost').toBeLessThan(bytes.length);
        const again = await upload.patch(head.offset ?? 0, bytes.subarray(head.offset));
        expect(again).not.toMatchObject({ status: 204 });
        return undefined;
      },
      { withinMs: 20_000, what: 'the client to hear that the upload is gone' },
    ).then((head) => expect(head).toMatchObject({ kind: 'answered', status: 410 }));
    const media = await ann.media(upload.id);
    expect(media.upload_state).not.toBe('uploaded');
    expect(['pending', 'uploading', 'failed', 'expired']).toContain(media.state);
    expect((await ann.fetch(`/v1/media/${upload.id}/source`)).ok).toBe(false);

    // A new upload of the same file is not affected.
    const second = await WireUpload.create(target, bytes.length);
    await resumeToEnd(second, bytes);
    await expectWhole(ann, second.id, bytes);
  });

  test('drill 1: a partial object that a killed process left in the store is replaced by the whole', async () => {
    const bytes = seeded('drill 1, kept').bytes(3 * MIB);
    const upload = await WireUpload.create({ baseUrl: system.apiUrl, token: ann.token }, bytes.length);
    await bucket.put(`${upload.id}/source`, bytes.subarray(0, MIB));
    expect(await upload.patch(0, bytes)).toMatchObject({ status: 204, offset: bytes.length });
    await expectWhole(ann, upload.id, bytes);
  });
});
