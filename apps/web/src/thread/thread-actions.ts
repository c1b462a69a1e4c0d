import type { Message } from '@claimcheck/client';
import { createContext, useContext } from 'react';

/** The actions on a message, wherever it is shown. */
export interface ThreadActions {
  view: (message: Message, mediaId: string) => void;
  forward: (message: Message) => void;
  remove: (message: Message) => void;
}

export const ThreadActionsContext = createContext<ThreadActions | undefined>(undefined);

export const useThreadActions = (): ThreadActions => {
  const actions = useContext(ThreadActionsContext);
  if (!actions) throw new Error('useThreadActions is used outside of ThreadActionsContext');
  return actions;
};
