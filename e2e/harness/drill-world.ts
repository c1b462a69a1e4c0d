import { TOMBSTONES } from '@claimcheck/contracts/media';
import { Database } from '@claimcheck/database/database';
import { expect } from 'vitest';
import { Bucket } from './bucket.ts';
import { ChatUser } from './chat-user.ts';
import type { Resources } from './checker/aftermath.ts';
import { checkHistory } from './checker/check-history.ts';
import { checkResources } from './checker/check-resources.ts';
import { FeedRecorder } from './checker/feed-recorder.ts';
import type { History } from './checker/history.ts';
import { readAftermath } from './checker/read-aftermath.ts';
import { readResources } from './checker/read-resources.ts';
import { sha256 } from './fixtures.ts';
import { resumeToEnd } from './resume.ts';
import type { System } from './system.ts';
import { WireUpload } from './tus-wire.ts';
import { until } from './until.ts';
import { untilSettled } from './until-settled.ts';

export interface FileOfUser {
  bytes: Buffer;
  filename: string;
  filetype: string;
}

/** Longer than from a result to its events. */
const QUIET_MS = 1_500;

/** A drill's actions as a client, all of them recorded and in the end compared with the servers. */
export class DrillWorld {
  readonly system: System;
  readonly history: History = { uploads: [], messages: [], feeds: [], payloads: [] };
  readonly database: Database;
  readonly bucket: Bucket;
  readonly #natsUrl: string;
  readonly #feeds: FeedRecorder[] = [];
  #resourcesBefore: Resources | undefined;

  /** @param stack the servers, reached without any fault in between */
  constructor(system: System, stack: Record<string, string>) {
    this.system = system;
    const { pathname } = new URL(system.databaseUrl);
    const direct = new URL(stack.DATABASE_URL ?? '');
    direct.pathname = pathname;
    this.database = new Database({ url: direct.href, poolSize: 2 });
    this.bucket = new Bucket(stack);
    this.#natsUrl = stack.NATS_URL ?? '';
  }

  /** From here on memory, descriptors, temp files, connections and open multipart uploads must not grow. */
  async markResources(): Promise<void> {
    this.#resourcesBefore = await this.#readResources();
  }

  user(userId: string): ChatUser {
    return new ChatUser(this.system, userId);
  }

  /** Starts an upload; nothing is acknowledged yet. */
  create(userId: string, file: FileOfUser, baseUrl = this.system.apiUrl): Promise<WireUpload> {
    const { filename, filetype, bytes } = file;
    const target = { baseUrl, token: this.system.tokenFor(userId) };
    return WireUpload.create(target, bytes.length, { filename, filetype });
  }

  /** Resumes until the last byte is answered 2xx: from then on the upload must not get lost. */
  async finish(userId: string, upload: WireUpload, bytes: Buffer): Promise<void> {
    await resumeToEnd(upload, bytes);
    this.acknowledge(userId, upload.id, bytes);
  }

  acknowledge(userId: string, id: string, bytes: Buffer): void {
    this.history.uploads.push({ media_object_id: id, owner_user_id: userId, sha256: sha256(bytes) });
  }

  /** @returns the media_object_id */
  async upload(userId: string, file: FileOfUser): Promise<string> {
    const upload = await this.create(userId, file);
    await this.finish(userId, upload, file.bytes);
    return upload.id;
  }

  /** Sends a reference. @throws when the answer is not 201 */
  async send(userId: string, conversationId: string, mediaObjectId: string): Promise<void> {
    const { status, body } = await this.user(userId).send(conversationId, {
      client_message_id: `${conversationId}-${mediaObjectId}`,
      message_type: 'file',
      media_object_id: mediaObjectId,
    });
    if (status !== 201) throw new Error(`the message was answered ${status} ${body.code}`);
    const { message_id, seq } = body;
    this.history.messages.push({ conversation_id: conversationId, message_id, seq });
  }

  async follow(userId: string, conversationId: string, gatewayUrl = this.system.gatewayUrl): Promise<void> {
    const token = this.system.tokenFor(userId);
    const feed = new FeedRecorder({ gatewayUrl, client: userId, token, history: this.history });
    this.#feeds.push(feed);
    await feed.follow(conversationId);
  }

  /** Waits until every acknowledged upload has settled. @returns the longest wait, in ms */
  settle(withinMs = 60_000): Promise<number> {
    return untilSettled(this.database, this.history.uploads, withinMs);
  }

  /** Checks that everything has settled, every follower sees it, and no invariant is violated. */
  async expectNoViolation(withinMs = 60_000): Promise<void> {
    await this.settle(withinMs);
    await this.#untilQuiet();
    await this.#untilSeen();
    await this.#untilSwept();
    const seen = await readAftermath(
      {
        database: this.database,
        natsUrl: this.#natsUrl,
        appName: this.system.appName,
        bucket: this.bucket,
        download: async (owner, id, quality) =>
          (await this.user(owner).fetch(`/v1/media/${id}/${quality}`)).status,
      },
      this.history,
    );
    const aftermath = { ...seen, resources: await this.#compareResources() };
    expect(checkHistory(this.history, aftermath)).toEqual([]);
  }

  async close(): Promise<void> {
    for (const feed of this.#feeds) feed.close();
    this.bucket.close();
    await this.database.close();
  }

  /** Waits for objects under a tombstone, which the next sweep removes. */
  async #untilSwept(): Promise<void> {
    const where = { state: { in: [...TOMBSTONES] } };
    const buried = await this.database.client.media_object.findMany({ where });
    await until(
      async () => {
        for (const { media_object_id } of buried)
          if ((await this.bucket.keys(`${media_object_id}/`)).length > 0) return undefined;
        return true;
      },
      { withinMs: 20_000, what: 'the prefixes of tombstones to be empty' },
    ).catch(() => undefined);
  }

  #readResources(): Promise<Resources> {
    const { adminUrls, env } = this.system;
    const mediaObjectIds = this.history.uploads.map(({ media_object_id }) => media_object_id);
    const { database, bucket } = this;
    return readResources({ adminUrls, database, bucket, mediaObjectIds, tempDir: env.TEMP_DIR });
  }

  /** Waits for resources to return. The checker reports those that do not. */
  async #compareResources(): Promise<{ before: Resources; after: Resources } | undefined> {
    const before = this.#resourcesBefore;
    if (before === undefined) return undefined;
    let after: Resources = {};
    await until(
      async () => {
        after = await this.#readResources();
        return checkResources({ before, after }).length === 0 ? true : undefined;
      },
      { withinMs: 20_000, what: 'resources to return to the start' },
    ).catch(() => undefined);
    return { before, after };
  }

  /** Waits until the outbox is empty and no log grows: settled media may still change, or be announced. */
  async #untilQuiet(): Promise<void> {
    let last = '';
    let since = 0;
    await until(
      async () => {
        const [row] = await this.database.client.$queryRaw<{ state: string }[]>`
          SELECT (SELECT coalesce(sum(last_seq), 0) FROM conversation) || ' ' ||
            (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS state`;
        if (row?.state !== last) {
          last = row?.state ?? '';
          since = performance.now();
        }
        return last.endsWith(' 0') && performance.now() - since > QUIET_MS ? true : undefined;
      },
      { withinMs: 60_000, what: 'everything to become quiet' },
    );
  }

  /** Waits for the last events. The checker reports those that never arrive. */
  async #untilSeen(): Promise<void> {
    await until(
      async () => {
        const conversations = await this.database.client.conversation.findMany();
        const last = new Map(conversations.map((row) => [row.conversation_id, Number(row.last_seq)]));
        const isBehind = this.history.feeds.some(
          ({ conversation_id, since_seq, events }) =>
            (events.at(-1)?.seq ?? since_seq) < (last.get(conversation_id) ?? 0),
        );
        return isBehind ? undefined : true;
      },
      { withinMs: 15_000, what: 'every client to have seen the last event' },
    ).catch(() => undefined);
  }
}
