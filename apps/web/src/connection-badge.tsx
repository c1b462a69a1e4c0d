import type { ConnectionState } from '@claimcheck/client';

const WORDS: Record<ConnectionState, string> = {
  connecting: 'Connecting…',
  connected: 'Connected',
  disconnected: 'Offline, trying again…',
  refused: 'Not admitted, trying again…',
};

export const ConnectionBadge = ({ state }: { state: ConnectionState }) => (
  <span className="badge" role="status" data-testid="connection-state" data-state={state}>
    {WORDS[state]}
  </span>
);
