import type { Message } from '../wire/conversation.ts';

/** What is kept of a conversation, to be shown before the network answers. */
export interface CachedConversation {
  id: string;
  messages: Message[];
  lastSeq: number;
  hasOlder: boolean;
}

/** More than fits on a screen; what is older is loaded when the user scrolls there. */
export const KEPT_MESSAGES = 50;
