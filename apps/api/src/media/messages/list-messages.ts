import type { Message } from '@claimcheck/contracts/messages';
import { Prisma } from '@claimcheck/database/database';
import type { DomainConfig } from '../record/domain-config.ts';
import type { Reader } from '../record/media-row.ts';
import { noConversation } from '../record/not-found.ts';
import { readMessages, toMessage } from './message-view.ts';

/** Returns pages from the newest back, each in ascending order; `last_seq` is read before the messages. */
export const listMessages = async (
  on: Reader,
  settings: DomainConfig,
  { conversation_id, viewer_id }: { conversation_id: string; viewer_id: string },
  page: { before_seq?: number | undefined; limit: number },
): Promise<{ messages: Message[]; last_seq: number }> => {
  const [conversation] = await on.query<{ last_seq: bigint }>(Prisma.sql`
    SELECT last_seq FROM conversation WHERE conversation_id = ${conversation_id}`);
  if (conversation === undefined) throw noConversation();
  const isBefore =
    page.before_seq === undefined ? Prisma.empty : Prisma.sql`AND seq < ${page.before_seq}::bigint`;
  const rows = await readMessages(
    on,
    Prisma.sql`WHERE conversation_id = ${conversation_id} ${isBefore} ORDER BY seq DESC LIMIT ${page.limit}`,
  );
  return {
    messages: rows.reverse().map((row) => toMessage(row, settings.publicUrl, viewer_id)),
    last_seq: Number(conversation.last_seq),
  };
};
