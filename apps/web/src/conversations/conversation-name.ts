import type { Conversation } from '@claimcheck/client';

/** Names a conversation by its other members. */
export const conversationName = ({ member_ids }: Conversation, userId: string): string => {
  const others = member_ids.filter((member) => member !== userId);
  return others.length === 0 ? 'Only you' : others.join(', ');
};
