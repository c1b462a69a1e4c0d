import { randomBytes } from 'node:crypto';
import { type Executor, Prisma } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';

/** The media that a session opens: those in a conversation, or (null) those that its user owns. */
export interface SessionScope {
  conversation_id: string | null;
}

export interface MediaSession extends SessionScope {
  token: string;
  user_id: string;
  expires_at: Date;
}

/** A token of another form is refused without a query. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * Opens the user's session for a scope, or renews it. The token of a session that has not ended stays the same, so that
 * URLs already on a page stay valid. A session that has ended is never renewed.
 *
 * @throws ProblemError `not_found` when the user is not a member of the conversation
 */
export const openMediaSession = async (
  on: Pick<Executor, 'query'>,
  userId: string,
  { conversation_id }: SessionScope,
  lifeMs: number,
): Promise<MediaSession> => {
  const token = randomBytes(32).toString('base64url');
  const now = new Date();
  const expires_at = new Date(now.getTime() + lifeMs);
  // The membership's row is locked, so that the user is not removed before the foreign key is checked.
  const [session] = await on.query<MediaSession>(Prisma.sql`
    WITH allowed AS (
      SELECT conversation_id FROM conversation_member
      WHERE conversation_id = ${conversation_id} AND user_id = ${userId} FOR KEY SHARE)
    INSERT INTO media_session AS kept (token, user_id, conversation_id, expires_at)
    SELECT ${token}, ${userId}, ${conversation_id}, ${expires_at}::timestamptz
    WHERE ${conversation_id}::text IS NULL OR EXISTS (SELECT FROM allowed)
    ON CONFLICT (user_id, conversation_id) DO UPDATE SET
      token = CASE WHEN kept.expires_at > ${now}::timestamptz THEN kept.token ELSE excluded.token END,
      expires_at = greatest(kept.expires_at, excluded.expires_at)
    RETURNING token, user_id, conversation_id, expires_at`);
  if (session === undefined) throw new ProblemError('not_found', { field: 'conversation_id' });
  return session;
};

/** Returns the session of a token, or undefined if it never existed or has ended. */
export const findMediaSession = async (
  on: Pick<Executor, 'query'>,
  token: string,
): Promise<MediaSession | undefined> => {
  if (!TOKEN.test(token)) return undefined;
  const [session] = await on.query<MediaSession>(Prisma.sql`
    SELECT token, user_id, conversation_id, expires_at FROM media_session
    WHERE token = ${token} AND expires_at > ${new Date()}::timestamptz`);
  return session;
};
