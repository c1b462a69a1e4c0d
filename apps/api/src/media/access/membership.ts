import type { Problem } from '@claimcheck/contracts/errors';
import { type Executor, Prisma } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';

/**
 * Checks that a user is a member of a conversation.
 *
 * @param extra for the refusal: the field that named the conversation
 * @throws ProblemError `not_found`, the same for a conversation that does not exist and for another's
 */
export const assertMember = async (
  on: Pick<Executor, 'query'>,
  conversationId: string,
  userId: string,
  extra: Pick<Problem, 'field'> = {},
): Promise<void> => {
  const members = await on.query(Prisma.sql`
    SELECT 1 FROM conversation_member WHERE conversation_id = ${conversationId} AND user_id = ${userId}`);
  if (members.length === 0) throw new ProblemError('not_found', extra);
};
