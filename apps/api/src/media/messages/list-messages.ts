import type { Message } from '@claimcheck/contracts/messages';
import type { DomainConfig } from '../record/domain-config.ts';
import type { Reader } from '../record/media-row.ts';
import { MESSAGE_INCLUDE, toMessage } from './message-view.ts';

/** Returns pages from the newest back, each in ascending order; `last_seq` is read before the messages. */
export const listMessages = async (
  db: Reader,
  settings: DomainConfig,
  { conversation_id, viewer_id }: { conversation_id: string; viewer_id: string },
  page: { before_seq?: number | undefined; limit: number },
): Promise<{ messages: Message[]; last_seq: number }> => {
  const conversation = await db.conversation.findUniqueOrThrow({
    where: { conversation_id },
    select: { last_seq: true },
  });
  const rows = await db.message.findMany({
    where: {
      conversation_id,
      ...(page.before_seq === undefined ? {} : { seq: { lt: page.before_seq } }),
    },
    orderBy: { seq: 'desc' },
    take: page.limit,
    include: MESSAGE_INCLUDE,
  });
  return {
    messages: rows.reverse().map((row) => toMessage(row, settings.publicUrl, viewer_id)),
    last_seq: Number(conversation.last_seq),
  };
};
