import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { RelayFigures, RelayProcess } from './relay-process.ts';

export interface Drain {
  seconds: number;
  events_per_second: number;
  /** Confirmed messages a second. */
  first_tenth_per_second: number;
  last_tenth_per_second: number;
  /** Mean time of a claim. */
  first_tenth_claim_ms: number;
  last_tenth_claim_ms: number;
}

interface Sample extends RelayFigures {
  messages: number;
}

const SAMPLE_MS = 200;
const LIMIT_SECONDS = 300;
/** The relay was started on the backlog, so every claim found messages. */
const NOTHING_YET: Sample = { messages: 0, claims: 0, claim_seconds: 0 };

const claimMs = (from: Sample | undefined, to: Sample | undefined): number => {
  if (from === undefined || to === undefined) throw new Error('the drain was too short to measure');
  return (1_000 * (to.claim_seconds - from.claim_seconds)) / Math.max(1, to.claims - from.claims);
};

/** Returns when the broker stored a message, by its own clock. Milliseconds. */
const storedAt = async (bus: Bus, seq: number): Promise<number> => {
  const message = await bus.manager.streams.getMessage(bus.streams.facts.name, { seq });
  if (message === null) throw new Error(`the stream has no message ${seq}`);
  return message.time.getTime();
};

/** Follows the relay until the stream, empty before, holds `count` messages. */
export const measureDrain = async (bus: Bus, relay: RelayProcess, count: number): Promise<Drain> => {
  const samples: Sample[] = [];
  const end = performance.now() + LIMIT_SECONDS * 1_000;
  let messages = 0;
  while (messages < count) {
    if (performance.now() > end) throw new Error(`${messages} of ${count} after ${LIMIT_SECONDS} s`);
    const { state } = await bus.manager.streams.info(bus.streams.facts.name);
    messages = state.messages;
    samples.push({ messages, ...(await relay.figures()) });
    await pause(SAMPLE_MS);
  }
  const tenth = Math.floor(count / 10);
  const first = await storedAt(bus, 1);
  const last = await storedAt(bus, count);
  const seconds = (last - first) / 1_000;
  const lateBegan = samples.findLast((sample) => sample.messages <= count - tenth);
  return {
    seconds,
    events_per_second: count / seconds,
    first_tenth_per_second: (1_000 * tenth) / ((await storedAt(bus, tenth)) - first),
    last_tenth_per_second: (1_000 * tenth) / (last - (await storedAt(bus, count - tenth))),
    first_tenth_claim_ms: claimMs(
      NOTHING_YET,
      samples.find((sample) => sample.messages >= tenth),
    ),
    last_tenth_claim_ms: claimMs(lateBegan, samples.at(-1)),
  };
};
