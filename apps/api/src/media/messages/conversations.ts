import type { Conversation } from '@claimcheck/contracts/rest';
import { type Executor, Prisma, type Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import { appendEvent, appendEvents } from '../log/conversation-events.ts';
import type { Reader } from '../record/media-row.ts';
import { newId } from '../record/new-id.ts';
import { noConversation } from '../record/not-found.ts';

interface ConversationRow {
  conversation_id: string;
  created_by: string;
  member_ids: string[];
  last_seq: bigint;
  created_at: Date;
}

/** Returns those conversations that exist. */
export const readConversations = async (
  on: Reader,
  conversationIds: readonly string[],
): Promise<Conversation[]> => {
  const rows = await on.query<ConversationRow>(Prisma.sql`
    SELECT conversation_id, created_by, last_seq, created_at, ARRAY(
      SELECT user_id FROM conversation_member
      WHERE conversation_member.conversation_id = conversation.conversation_id) AS member_ids
    FROM conversation WHERE conversation_id = ANY(${[...conversationIds]}::text[])`);
  return rows.map((row) => ({
    ...row,
    member_ids: row.member_ids.toSorted(),
    last_seq: Number(row.last_seq),
    created_at: row.created_at.toISOString(),
  }));
};

/** @returns the user who created the conversation @throws ProblemError `not_found` */
export const readCreator = async (on: Pick<Executor, 'query'>, conversationId: string): Promise<string> => {
  const [row] = await on.query<{ created_by: string }>(Prisma.sql`
    SELECT created_by FROM conversation WHERE conversation_id = ${conversationId}`);
  if (row === undefined) throw new ProblemError('not_found');
  return row.created_by;
};

/** @throws ProblemError `not_found` */
export const readConversation = async (on: Reader, conversationId: string): Promise<Conversation> => {
  const [conversation] = await readConversations(on, [conversationId]);
  if (conversation === undefined) throw noConversation();
  return conversation;
};

const announceTo = (tx: Transaction, userId: string, conversationId: string, added: boolean): void => {
  tx.facts.push({
    fact: 'membership',
    user_id: userId,
    announcement: {
      type: added ? 'conversation.added' : 'conversation.removed',
      conversation_id: conversationId,
    },
  });
};

/**
 * @returns the conversation, and whether this call created it: the same id again by the same creator returns the existing
 *   one
 * @throws ProblemError `client_key_conflict` when another user's conversation has the id
 */
export const createConversation = async (
  tx: Transaction,
  input: { conversation_id?: string | undefined; created_by: string; member_ids: string[] },
): Promise<{ conversation: Conversation; created: boolean }> => {
  const conversationId = input.conversation_id ?? newId();
  const inserted = await tx.query(Prisma.sql`
    INSERT INTO conversation (conversation_id, created_by) VALUES (${conversationId}, ${input.created_by})
    ON CONFLICT DO NOTHING RETURNING conversation_id`);
  if (inserted.length === 0) {
    const existing = await readConversation(tx, conversationId);
    if (existing.created_by !== input.created_by)
      throw new ProblemError('client_key_conflict', { field: 'conversation_id' });
    return { conversation: existing, created: false };
  }
  await addMembers(tx, conversationId, [...new Set(input.member_ids)]);
  return { conversation: await readConversation(tx, conversationId), created: true };
};

/** Adds users who are not members yet, in two statements whatever their number. */
const addMembers = async (
  tx: Transaction,
  conversationId: string,
  userIds: readonly string[],
): Promise<void> => {
  const added = await tx.query<{ user_id: string }>(Prisma.sql`
    INSERT INTO conversation_member (conversation_id, user_id)
    SELECT ${conversationId}, user_id FROM unnest(${[...userIds]}::text[]) AS new (user_id)
    ON CONFLICT DO NOTHING RETURNING user_id`);
  if (added.length === 0) return;
  await appendEvents(tx, conversationId, 'member.added', added);
  for (const { user_id } of added) announceTo(tx, user_id, conversationId, true);
};

/** Repeatable. @throws ProblemError `not_found` for an unknown conversation */
export const addMember = async (tx: Transaction, conversationId: string, userId: string): Promise<void> => {
  await readCreator(tx, conversationId);
  await addMembers(tx, conversationId, [userId]);
};

/** Repeatable. @throws ProblemError `not_found` for an unknown conversation */
export const removeMember = async (
  tx: Transaction,
  conversationId: string,
  userId: string,
): Promise<void> => {
  await readCreator(tx, conversationId);
  const removed = await tx.query(Prisma.sql`
    DELETE FROM conversation_member WHERE conversation_id = ${conversationId} AND user_id = ${userId}
    RETURNING user_id`);
  if (removed.length === 0) return;
  await appendEvent(tx, conversationId, 'member.removed', { user_id: userId });
  announceTo(tx, userId, conversationId, false);
};
