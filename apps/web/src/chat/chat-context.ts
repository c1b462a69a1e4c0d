import { createContext, useContext } from 'react';
import type { Session } from '../session/open-session.ts';
import type { Announcer } from '../ui/announcer.ts';
import type { Chat } from './chat.ts';

export interface ChatParts {
  session: Session;
  chat: Chat;
  announcer: Announcer;
}

export const ChatContext = createContext<ChatParts | undefined>(undefined);

export const useChat = (): ChatParts => {
  const parts = useContext(ChatContext);
  if (!parts) throw new Error('useChat is used outside of ChatContext');
  return parts;
};
