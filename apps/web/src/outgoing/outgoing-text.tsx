import type { ClaimcheckError, OutgoingMessage, OutgoingState } from '@claimcheck/client';
import { Icon } from '../ui/icon.tsx';

interface OutgoingTextProps {
  message: OutgoingMessage;
  state: OutgoingState;
  error: ClaimcheckError | undefined;
}

export const OutgoingText = ({ message, state, error }: OutgoingTextProps) => (
  <div className="outgoing-text">
    <p className="body">{message.text ?? message.filename}</p>
    {state !== 'failed' && (
      <p className="status">
        <Icon name="clock" /> {error ? 'Waits for the connection' : 'Sending…'}
      </p>
    )}
  </div>
);
