import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { sendDraft } from '../clients/draft-client.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { DirectUploader, putSigned, randomFile, sliceOf } from '../harness/direct-upload.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { noise } from '../harness/noise.ts';
import { isComplete, S3FaultProxy } from '../harness/s3-fault-proxy.ts';
import { type System, startSystem } from '../harness/system.ts';
import { WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 ** 2;
/** How long the store shows neither object nor parts after it has heard of a Complete. */
const HIDDEN_MS = 4_000;

const gone = (code: string) => ({
  status: 404,
  body: `<Error><Code>${code}</Code><Message>hidden</Message></Error>`,
});

/** Makes the store behave as one that hides an object while it assembles it. */
const hideWhileAssembling = (proxy: S3FaultProxy, answers: 'late' | 'never'): void => {
  const hiddenUntil = new Map<string, number>();
  const pathOf = (url: string): string => url.split('?')[0] ?? '';
  const msLeft = (url: string): number => (hiddenUntil.get(pathOf(url)) ?? 0) - performance.now();
  proxy.replace(async (request) => {
    const { method, url } = request;
    const isFirst = isComplete(request) && !hiddenUntil.has(pathOf(url));
    if (isFirst) hiddenUntil.set(pathOf(url), performance.now() + HIDDEN_MS);
    if (isFirst || msLeft(url) <= 0) return undefined;
    return gone(/[?&]uploadId=/.test(url) ? 'NoSuchUpload' : method === 'HEAD' ? 'NotFound' : 'NoSuchKey');
  });
  proxy.onAnswered(async (request) => {
    if (!isComplete(request)) return;
    if (answers === 'never') throw new Error('cut off');
    await pause(Math.max(0, msLeft(request.url)));
  });
};

let system: System;
let proxy: S3FaultProxy;
let ann: ChatUser;
beforeAll(async () => {
  const stack = inject('stack');
  proxy = await S3FaultProxy.start(stack.S3_ENDPOINT ?? '');
  system = await startSystem(
    { ...stack, S3_ENDPOINT: proxy.url },
    { TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}`, SWEEP_INTERVAL: '1s' },
  );
  ann = new ChatUser(system, 'ann');
});
afterAll(async () => {
  await system?.stop();
  await proxy?.close();
});

describe.each(['late', 'never'] as const)(
  'a store that hides what it assembles and answers %s',
  (answers) => {
    beforeAll(() => hideWhileAssembling(proxy, answers));

    // The three at the same time: the store hides each object by itself.
    test.concurrent('a tus upload arrives whole', async () => {
      const bytes = noise(12 * MIB + 5);
      const upload = await WireUpload.create({ baseUrl: system.apiUrl, token: ann.token }, bytes.length);
      const last = await upload.patch(0, bytes);
      if (last.kind === 'answered') expect([204, 423, 503]).toContain(last.status);
      await expectWhole(ann, upload.id, bytes);
    });

    test.concurrent('an upload of the IETF draft arrives whole', async () => {
      const bytes = noise(12 * MIB + 7);
      const headers = {
        authorization: `Bearer ${ann.token}`,
        'upload-draft-interop-version': '8',
        'upload-complete': '?1',
      };
      const sending = sendDraft(`${system.apiUrl}/v1/uploads`, 'POST', headers, { bytes });
      const id = String((await sending.announced).headers.location)
        .split('/')
        .at(-1);
      expect([201, 423, 503]).toContain((await sending.answer)?.status);
      await expectWhole(ann, id ?? '', bytes);
    });

    test.concurrent('a direct upload arrives whole, and a second complete waits or is retryable', async () => {
      const bytes = noise(17 * MIB);
      const uploader = new DirectUploader(ann);
      const { media, upload } = (await uploader.authorize(randomFile(bytes, ['multipart']))).body;
      for (const part of upload.parts ?? [])
        expect(await putSigned(part, sliceOf(bytes, upload.chunk_size ?? 0, part))).toBe(200);
      const id = media.media_object_id;
      const check = ({ status, body }: Awaited<ReturnType<DirectUploader['complete']>>): number => {
        expect([200, 503]).toContain(status);
        if (status === 503) expect(body.retryable).toBe(true);
        else expect(body.state).not.toBe('failed');
        return status;
      };
      const both = await Promise.all([uploader.complete(id), uploader.complete(id)]);
      for (const answer of both) check(answer);
      await until(async () => check(await uploader.complete(id)) === 200, {
        withinMs: 60_000,
        what: 'complete to succeed',
      });
      await expectWhole(ann, id, bytes);
    });
  },
);
