import type { ConnectionState } from '@claimcheck/client';

const WORDS: Record<ConnectionState, string> = {
  connecting: 'Connecting…',
  connected: 'Connected',
  disconnected: 'Trying again…',
  refused: 'Not admitted, trying again…',
};

export const ConnectionBadge = ({ state }: { state: ConnectionState }) => (
  <span className="badge" data-testid="connection-state" data-state={state}>
    {WORDS[state]}
  </span>
);
