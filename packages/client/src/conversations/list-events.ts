import type { Conversation, ConversationEvent } from '../wire/conversation.ts';

export interface ListedConversation extends Conversation {
  /** Messages of others that arrived since the list was opened, and since `markRead`. */
  unread: number;
}

/** `isStale`: its last message was deleted. */
export type ChangedItem = ListedConversation & { isStale: boolean };

/** Returns an entry of the list after events, which are in order; those that it has already change nothing. */
export const withListEvents = (
  item: ListedConversation,
  events: readonly ConversationEvent[],
  userId: string | undefined,
): ChangedItem =>
  events.reduce<ChangedItem>((current, event) => withEvent(current, event, userId), {
    ...item,
    isStale: false,
  });

const withEvent = (item: ChangedItem, event: ConversationEvent, userId: string | undefined): ChangedItem => {
  if (event.seq <= item.last_seq) return item;
  const next = { ...item, last_seq: event.seq };
  const { last_message: last } = item;
  switch (event.type) {
    case 'message.created': {
      const isNews = event.message.sender_user_id !== userId;
      return {
        ...next,
        last_message: event.message,
        unread: item.unread + Number(isNews),
        isStale: false,
      };
    }
    case 'message.updated':
      return last?.message_id === event.message.message_id ? { ...next, last_message: event.message } : next;
    case 'message.deleted':
      return last?.message_id === event.message.message_id
        ? { ...next, last_message: undefined, isStale: true }
        : next;
    case 'media.updated':
      return last?.media_object_id === event.media.media_object_id && !last.attachments
        ? { ...next, last_message: { ...last, media: event.media } }
        : next;
    case 'member.added':
      return item.member_ids.includes(event.user_id)
        ? next
        : { ...next, member_ids: [...item.member_ids, event.user_id] };
    case 'member.removed':
      return { ...next, member_ids: item.member_ids.filter((id) => id !== event.user_id) };
    default:
      return next;
  }
};
