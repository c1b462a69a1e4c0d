import { useConversations } from '@claimcheck/client/react';
import { useSyncExternalStore } from 'react';
import { Icon } from '../ui/icon.tsx';

const subscribe = (listener: () => void) => {
  window.addEventListener('online', listener);
  window.addEventListener('offline', listener);
  return () => {
    window.removeEventListener('online', listener);
    window.removeEventListener('offline', listener);
  };
};

/** Reassures the user: unsent messages wait, and none is lost. */
export const OfflineBanner = () => {
  const { connection } = useConversations();
  const isOnline = useSyncExternalStore(subscribe, () => navigator.onLine);
  const isDown = !isOnline || connection === 'disconnected' || connection === 'refused';
  return (
    <div role="status" className="banner-place">
      {isDown && (
        <p className="banner" data-testid="offline-banner">
          <Icon name="network" />
          {isOnline ? 'The connection is lost.' : 'You are offline.'} What you send is kept here, and goes out
          when the connection is back.
        </p>
      )}
    </div>
  );
};
