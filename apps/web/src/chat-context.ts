import { createContext, useContext } from 'react';
import type { Chat } from './chat.ts';
import type { Session } from './open-session.ts';
import type { OutgoingFiles } from './outgoing-files.ts';

export interface ChatParts {
  session: Session;
  chat: Chat;
  files: OutgoingFiles;
}

export const ChatContext = createContext<ChatParts | undefined>(undefined);

export const useChat = (): ChatParts => {
  const parts = useContext(ChatContext);
  if (!parts) throw new Error('useChat is used outside of ChatContext');
  return parts;
};
