import type { Problem } from '@claimcheck/contracts/errors';
import { type Executor, Prisma } from '@claimcheck/database/database';
import { noConversation } from '../record/not-found.ts';
import type { Viewer } from './media-access.ts';

/**
 * Checks that a user is a member of a conversation.
 *
 * @param extra for the refusal: the field that named the conversation
 * @throws ProblemError `not_found`, the same for a missing conversation and for another user's
 */
export const assertMember = async (
  on: Pick<Executor, 'query'>,
  conversationId: string,
  userId: string,
  extra: Pick<Problem, 'field'> = {},
): Promise<void> => {
  const members = await on.query(Prisma.sql`
    SELECT 1 FROM conversation_member WHERE conversation_id = ${conversationId} AND user_id = ${userId}`);
  if (members.length === 0) throw noConversation(extra);
};

/**
 * Checks that a viewer may read a conversation: as a member, or as a backend if the conversation exists.
 *
 * @throws ProblemError `not_found`
 */
export const assertMayRead = async (
  on: Pick<Executor, 'query'>,
  conversationId: string,
  { user_id, is_backend = false }: Viewer,
): Promise<void> => {
  if (!is_backend) return assertMember(on, conversationId, user_id);
  const found = await on.query(Prisma.sql`
    SELECT 1 FROM conversation WHERE conversation_id = ${conversationId}`);
  if (found.length === 0) throw noConversation();
};
