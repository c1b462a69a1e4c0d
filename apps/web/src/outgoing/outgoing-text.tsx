import type { ClaimcheckError, OutgoingMessage, OutgoingState } from '@claimcheck/client';
import { Icon } from '../ui/icon.tsx';

interface OutgoingTextProps {
  message: OutgoingMessage;
  state: OutgoingState;
  error: ClaimcheckError | undefined;
}

/** Messages arrive in the order in which they were sent. */
const WORDS: Record<OutgoingState, string> = {
  waiting: 'After what was sent before',
  sending: 'Sending…',
  sent: 'Sent',
  failed: 'Not sent',
  discarded: 'Taken back',
};

export const OutgoingText = ({ message, state, error }: OutgoingTextProps) => (
  <div className="outgoing-text">
    <p className="body">{message.text ?? message.filename}</p>
    {state !== 'failed' && (
      <p className="status">
        <Icon name="clock" /> {error ? 'Waits for the connection' : WORDS[state]}
      </p>
    )}
  </div>
);
