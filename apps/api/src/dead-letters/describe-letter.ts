import type { DeadLetter } from '@claimcheck/platform/nats/dead-letters';

/** A dead letter without its payload, for programs. */
export const describeLetter = (letter: DeadLetter) => ({
  seq: letter.seq,
  consumer: letter.consumer,
  origin: letter.origin,
  reason: letter.reason,
  attempts: letter.attempts,
  died_at: letter.died_at.toISOString(),
  size_bytes: letter.payload.byteLength,
});
