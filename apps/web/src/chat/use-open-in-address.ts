import { useReadable } from '@claimcheck/client/react';
import { useEffect } from 'react';
import type { Chat } from './chat.ts';

const idInAddress = (): string | undefined => location.hash.slice(1) || undefined;

/** Keeps the open conversation in the page's address: a reload returns to it, and "back" leaves it. */
export const useOpenInAddress = (chat: Chat): void => {
  const { openId } = useReadable(chat.store);
  useEffect(() => {
    const open = () => chat.open(idInAddress());
    open();
    window.addEventListener('popstate', open);
    return () => window.removeEventListener('popstate', open);
  }, [chat]);
  useEffect(() => {
    if (openId === idInAddress()) return;
    const url = new URL(location.href);
    url.hash = openId ?? '';
    history.pushState(null, '', url);
  }, [openId]);
};
