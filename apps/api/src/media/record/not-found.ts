import type { Problem } from '@claimcheck/contracts/errors';
import { ProblemError } from '../../problem-error.ts';

/** Refuses a conversation in the same words whether it is missing or the caller is not a member. */
export const noConversation = (extra: Partial<Problem> = {}): ProblemError =>
  new ProblemError('not_found', {
    field: 'conversation_id',
    detail: 'Conversation or membership: there is no such conversation, or the caller is not a member of it.',
    ...extra,
  });

/** Refuses a media object in the same words whether it is missing or the caller may not see it. */
export const noMedia = (extra: Partial<Problem> = {}): ProblemError =>
  new ProblemError('not_found', {
    field: 'media_object_id',
    detail:
      'Media object or membership: there is no such media object, or nothing that the caller is a member of refers to it.',
    ...extra,
  });
