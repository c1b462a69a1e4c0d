import type { Message } from '../wire/conversation.ts';

/** The stored part of a conversation, shown before the network answers. */
export interface CachedConversation {
  id: string;
  messages: Message[];
  lastSeq: number;
  hasOlder: boolean;
}

/** More messages than fit on a screen. The SDK loads older ones when the user scrolls there. */
export const KEPT_MESSAGES = 50;
