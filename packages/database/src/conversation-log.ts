import type { ConversationEvent, ConversationEventType } from '@claimcheck/contracts/socket-events';
import type { Database } from './database.ts';

// The part of Postgres that gateways read too. Only SELECTs: their role may nothing else.

const EVENT_NAMES = {
  message_created: 'message.created',
  message_updated: 'message.updated',
  message_deleted: 'message.deleted',
  media_updated: 'media.updated',
  member_added: 'member.added',
  member_removed: 'member.removed',
} as const satisfies Record<string, ConversationEventType>;

type Client = Pick<Database['client'], 'conversation' | 'conversation_event' | 'conversation_member'>;

export interface LogPage {
  events: ConversationEvent[];
  last_seq: number;
  /** Events up to here are gone; a client that has seen less must start again. */
  pruned_seq: number;
}

export const isMember = async (client: Client, conversationId: string, userId: string): Promise<boolean> => {
  const member = await client.conversation_member.findUnique({
    where: { conversation_id_user_id: { conversation_id: conversationId, user_id: userId } },
    select: { user_id: true },
  });
  return member !== null;
};

/** Ids of all conversations that a user is a member of. */
export const conversationIdsOf = async (client: Client, userId: string): Promise<string[]> => {
  const rows = await client.conversation_member.findMany({
    where: { user_id: userId },
    select: { conversation_id: true },
  });
  return rows.map((row) => row.conversation_id);
};

/** conversation_id → last_seq, in one query; conversations that do not exist are missing from the map. */
export const lastSeqs = async (client: Client, conversationIds: string[]): Promise<Map<string, number>> => {
  const rows = await client.conversation.findMany({
    where: { conversation_id: { in: conversationIds } },
    select: { conversation_id: true, last_seq: true },
  });
  return new Map(rows.map((row) => [row.conversation_id, Number(row.last_seq)]));
};

/** Events with `seq > sinceSeq` in order, at most `limit`; undefined when there is no such conversation. */
export const readLog = async (
  client: Client,
  conversationId: string,
  sinceSeq: number,
  limit: number,
): Promise<LogPage | undefined> => {
  // last_seq first: an event that commits between the two queries is then in the page or past last_seq,
  // never missing in between.
  const conversation = await client.conversation.findUnique({
    where: { conversation_id: conversationId },
    select: { last_seq: true, pruned_seq: true },
  });
  if (conversation === null) return undefined;
  const rows = await client.conversation_event.findMany({
    where: { conversation_id: conversationId, seq: { gt: sinceSeq } },
    orderBy: { seq: 'asc' },
    take: limit,
  });
  const events = rows.map((row) => ({
    conversation_id: row.conversation_id,
    seq: Number(row.seq),
    type: EVENT_NAMES[row.type],
    ...(row.payload as object),
  })) as ConversationEvent[];
  return { events, last_seq: Number(conversation.last_seq), pruned_seq: Number(conversation.pruned_seq) };
};
