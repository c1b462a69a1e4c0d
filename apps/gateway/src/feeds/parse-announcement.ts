import { hostId } from '@claimcheck/contracts/ids';
import type { ConversationAnnouncement, UserAnnouncement } from '@claimcheck/contracts/socket-events';
import { z } from 'zod';

// Checks only fields on which the gateway itself relies: the rest belongs to the api, and an optional field that
// is newer than this gateway must pass through.
const position = { conversation_id: hostId, seq: z.int().positive() };
const about = z.looseObject({ message_id: z.guid() });

const conversationAnnouncement = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('message.created'), ...position, message: about }),
  z.looseObject({ type: z.literal('message.updated'), ...position, message: about }),
  z.looseObject({ type: z.literal('message.deleted'), ...position, message: about }),
  z.looseObject({
    type: z.literal('media.updated'),
    ...position,
    media: z.looseObject({ media_object_id: z.guid(), rev: z.int() }),
  }),
  z.looseObject({ type: z.literal('member.added'), ...position, user_id: hostId }),
  z.looseObject({ type: z.literal('member.removed'), ...position, user_id: hostId }),
  z.object({
    type: z.literal('media.progress'),
    conversation_id: hostId,
    media_object_id: z.guid(),
    percent: z.number().min(0).max(100),
  }),
]);

const userAnnouncement = z.object({
  type: z.enum(['conversation.added', 'conversation.removed']),
  conversation_id: hostId,
});

const decoder = new TextDecoder('utf-8', { fatal: true });

const parseJson = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(data));
  } catch {
    return undefined;
  }
};

/** @returns undefined for anything but an announcement about this very conversation */
export const parseConversationAnnouncement = (
  data: Uint8Array,
  conversationId: string,
): ConversationAnnouncement | undefined => {
  const result = conversationAnnouncement.safeParse(parseJson(data));
  if (!result.success || result.data.conversation_id !== conversationId) return undefined;
  // The api vouches for the rest of message and media, as it does in the log.
  return result.data as ConversationAnnouncement;
};

export const parseUserAnnouncement = (data: Uint8Array): UserAnnouncement | undefined =>
  userAnnouncement.safeParse(parseJson(data)).data;
