import type { Conversation } from '@claimcheck/contracts/rest';
import type { Prisma, Transaction } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';
import { ProblemError } from '../../problem-error.ts';
import { appendEvent } from '../log/conversation-events.ts';
import type { Reader } from '../record/media-row.ts';
import { noConversation } from '../record/not-found.ts';

type ConversationRow = Prisma.conversationGetPayload<{ include: { members: true } }>;

const toConversation = (row: ConversationRow): Conversation => ({
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

export const readConversation = async (db: Reader, conversationId: string): Promise<Conversation> =>
  toConversation(await read(db, conversationId));

export const listConversations = async (db: Reader, userId: string): Promise<Conversation[]> => {
  const rows = await db.conversation.findMany({
    where: { members: { some: { user_id: userId } } },
    include: { members: true },
    orderBy: { created_at: 'desc' },
    take: 1_000,
  });
  return rows.map(toConversation);
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
 * @returns the conversation, and whether this call made it: the same id again by the same creator gives
 *   what is there
 * @throws ProblemError `client_key_conflict` when another user's conversation has the id
 */
export const createConversation = async (
  tx: Transaction,
  input: { conversation_id?: string | undefined; created_by: string; member_ids: string[] },
): Promise<{ conversation: Conversation; created: boolean }> => {
  const conversationId = input.conversation_id ?? uuidv7();
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
  for (const userId of new Set(input.member_ids)) await addMember(tx, conversationId, userId);
  return { conversation: await readConversation(tx.db, conversationId), created: true };
};

/** Repeatable. @throws ProblemError `not_found` for an unknown conversation */
export const addMember = async (tx: Transaction, conversationId: string, userId: string): Promise<void> => {
  await read(tx.db, conversationId);
  const { count } = await tx.db.conversation_member.createMany({
    data: { conversation_id: conversationId, user_id: userId },
    skipDuplicates: true,
  });
  if (count === 0) return;
  await appendEvent(tx, conversationId, 'member.added', { user_id: userId });
  announceTo(tx, userId, conversationId, true);
};

/** Repeatable. @throws ProblemError `not_found` for an unknown conversation */
export const removeMember = async (
  tx: Transaction,
  conversationId: string,
  userId: string,
): Promise<void> => {
  await read(tx.db, conversationId);
  const { count } = await tx.db.conversation_member.deleteMany({
    where: { conversation_id: conversationId, user_id: userId },
  });
  if (count === 0) return;
  await appendEvent(tx, conversationId, 'member.removed', { user_id: userId });
  announceTo(tx, userId, conversationId, false);
};
