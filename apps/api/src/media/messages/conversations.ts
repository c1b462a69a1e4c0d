import type { Conversation } from '@claimcheck/contracts/rest';
import { type Executor, Prisma, type Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import { appendEvent, appendEvents } from '../log/conversation-events.ts';
import type { Reader } from '../record/media-row.ts';
import { newId } from '../record/new-id.ts';
import { noConversation } from '../record/not-found.ts';

type ConversationRow = Prisma.conversationGetPayload<{ include: { members: true } }>;

export const toConversation = (row: ConversationRow): Conversation => ({
  conversation_id: row.conversation_id,
  created_by: row.created_by,
  member_ids: row.members.map((member) => member.user_id).sort(),
  last_seq: Number(row.last_seq),
  created_at: row.created_at.toISOString(),
});

const read = async (db: Reader, conversationId: string): Promise<ConversationRow> => {
  const row = await db.conversation.findUnique({
    where: { conversation_id: conversationId },
    include: { members: true },
  });
  if (row === null) throw noConversation();
  return row;
};

/** @returns the user who created the conversation @throws ProblemError `not_found` */
export const readCreator = async (on: Pick<Executor, 'query'>, conversationId: string): Promise<string> => {
  const [row] = await on.query<{ created_by: string }>(Prisma.sql`
    SELECT created_by FROM conversation WHERE conversation_id = ${conversationId}`);
  if (row === undefined) throw new ProblemError('not_found');
  return row.created_by;
};

export const readConversation = async (db: Reader, conversationId: string): Promise<Conversation> =>
  toConversation(await read(db, conversationId));

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
  const { count } = await tx.db.conversation.createMany({
    data: { conversation_id: conversationId, created_by: input.created_by },
    skipDuplicates: true,
  });
  if (count === 0) {
    const existing = await read(tx.db, conversationId);
    if (existing.created_by !== input.created_by)
      throw new ProblemError('client_key_conflict', { field: 'conversation_id' });
    return { conversation: toConversation(existing), created: false };
  }
  await addMembers(tx, conversationId, [...new Set(input.member_ids)]);
  return { conversation: await readConversation(tx.db, conversationId), created: true };
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
  const { count } = await tx.db.conversation_member.deleteMany({
    where: { conversation_id: conversationId, user_id: userId },
  });
  if (count === 0) return;
  await appendEvent(tx, conversationId, 'member.removed', { user_id: userId });
  announceTo(tx, userId, conversationId, false);
};
