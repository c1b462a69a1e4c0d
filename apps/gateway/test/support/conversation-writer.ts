import { randomUUID } from 'node:crypto';
import type {
  ConversationEvent,
  ConversationEventPayloads,
  ConversationEventType,
} from '@claimcheck/contracts/socket-events';
import type { Database } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';

/** Writes conversations and their log like the api: the seq and the row in one statement, then the announcement. */
export class ConversationWriter {
  readonly #database: Database;
  readonly #bus: Bus;

  constructor(database: Database, bus: Bus) {
    this.#database = database;
    this.#bus = bus;
  }

  async createConversation(...memberIds: string[]): Promise<string> {
    const conversationId = `c-${randomUUID()}`;
    await this.#database.client.conversation.create({
      data: {
        conversation_id: conversationId,
        created_by: memberIds[0] ?? 'nobody',
        members: { create: memberIds.map((user_id) => ({ user_id })) },
      },
    });
    return conversationId;
  }

  /** Commits an event without an announcement. */
  async commit<Type extends ConversationEventType>(
    conversationId: string,
    type: Type,
    payload: ConversationEventPayloads[Type],
  ): Promise<ConversationEvent> {
    const rows = await this.#database.client.$queryRaw<{ seq: bigint }[]>`
      WITH next AS (
        UPDATE conversation SET last_seq = last_seq + 1
        WHERE conversation_id = ${conversationId} RETURNING last_seq
      )
      INSERT INTO conversation_event (conversation_id, seq, type, payload)
      SELECT ${conversationId}, last_seq, ${type}::event_type, ${JSON.stringify(payload)}::jsonb FROM next
      RETURNING seq`;
    const seq = Number(rows[0]?.seq);
    return { conversation_id: conversationId, seq, type, ...payload } as ConversationEvent;
  }

  announce(event: ConversationEvent): void {
    this.#bus.announce(this.#bus.subjects.conversation(event.conversation_id), event);
  }

  async append<Type extends ConversationEventType>(
    conversationId: string,
    type: Type,
    payload: ConversationEventPayloads[Type],
  ): Promise<ConversationEvent> {
    const event = await this.commit(conversationId, type, payload);
    this.announce(event);
    return event;
  }

  /** Returns the deletion of a message, the smallest possible event. */
  appendSmall(conversationId: string): Promise<ConversationEvent> {
    return this.append(conversationId, 'message.deleted', { message: { message_id: randomUUID() } });
  }

  commitSmall(conversationId: string): Promise<ConversationEvent> {
    return this.commit(conversationId, 'message.deleted', { message: { message_id: randomUUID() } });
  }

  /** Commits `count` events at once, each with about `bytes` of text, without an announcement. */
  async commitMany(conversationId: string, count: number, bytes = 0): Promise<void> {
    await this.#database.client.$executeRaw`
      WITH previous AS (
        SELECT last_seq FROM conversation WHERE conversation_id = ${conversationId} FOR UPDATE
      ), advanced AS (
        UPDATE conversation SET last_seq = last_seq + ${count} WHERE conversation_id = ${conversationId}
      )
      INSERT INTO conversation_event (conversation_id, seq, type, payload)
      SELECT ${conversationId}, last_seq + number, 'message.deleted',
        jsonb_build_object('message', jsonb_build_object(
          'message_id', gen_random_uuid(), 'body', repeat('x', ${bytes}::int)))
      FROM previous, generate_series(1, ${count}::int) AS number`;
  }

  /** Prunes the log up to `seq`, like the retention. */
  async prune(conversationId: string, seq: number): Promise<void> {
    await this.#database.client.$transaction([
      this.#database.client.conversation_event.deleteMany({
        where: { conversation_id: conversationId, seq: { lte: seq } },
      }),
      this.#database.client.conversation.update({
        where: { conversation_id: conversationId },
        data: { pruned_seq: seq },
      }),
    ]);
  }

  async erase(conversationId: string): Promise<void> {
    await this.#database.client.conversation.delete({ where: { conversation_id: conversationId } });
  }

  async addMember(conversationId: string, userId: string): Promise<void> {
    await this.#database.client.conversation_member.create({
      data: { conversation_id: conversationId, user_id: userId },
    });
    await this.append(conversationId, 'member.added', { user_id: userId });
    this.tellUser(userId, { type: 'conversation.added', conversation_id: conversationId });
  }

  /** Commits the removal, without an announcement. */
  async removeMember(conversationId: string, userId: string): Promise<ConversationEvent> {
    await this.#database.client.conversation_member.delete({
      where: { conversation_id_user_id: { conversation_id: conversationId, user_id: userId } },
    });
    return this.commit(conversationId, 'member.removed', { user_id: userId });
  }

  tellUser(userId: string, announcement: object): void {
    this.#bus.announce(this.#bus.subjects.user(userId), announcement);
  }

  /** Publishes any bytes. */
  publishRaw(conversationId: string, data: string | Uint8Array): void {
    this.#bus.connection.publish(this.#bus.subjects.conversation(conversationId), data);
  }
}
