import type { ClaimcheckError, OutgoingMessage, OutgoingState } from '@claimcheck/client';
import { Icon } from '../ui/icon.tsx';

interface OutgoingTextProps {
  message: OutgoingMessage;
  state: OutgoingState;
  error: ClaimcheckError | undefined;
}

const WORDS: Record<OutgoingState, string> = {
  waiting: 'Waits to be sent',
  sending: 'Sending…',
  sent: 'Sent',
  failed: 'Not sent',
  discarded: 'Taken back',
};

export const OutgoingText = ({ message, state, error }: OutgoingTextProps) => (
  <div className="outgoing-text">
    <p className="body" dir="auto">
      {message.text ?? message.filename}
    </p>
    {state !== 'failed' && (
      <p className="status">
        <Icon name="clock" /> {error ? 'Waits for the connection' : WORDS[state]}
      </p>
    )}
  </div>
);
