import { type Check, failed, passed, warned } from './check.ts';

/** HTTP dates have whole seconds, and an answer takes time. */
const WARN_MS = 5_000;
const FAIL_MS = 60_000;

/** When a request was in flight, by this machine's clock. Milliseconds since 1970. */
export interface Asked {
  sent: number;
  received: number;
}

/** Returns the other clock's skew. A difference shorter than the request itself is no skew. */
export const checkClock = (whose: string, time: Date, { sent, received }: Asked): Check => {
  const name = `clock of ${whose}`;
  const early = sent - time.getTime();
  const late = time.getTime() - received;
  const skew = Math.max(0, early, late);
  const seconds = (skew / 1_000).toFixed(1);
  const detail = `${seconds} s ${early > 0 ? 'behind' : 'ahead of'} this machine's`;
  const fix =
    'let all machines follow NTP (chrony, systemd-timesyncd): signatures, tokens and deadlines compare their clocks';
  if (skew > FAIL_MS) return failed(name, detail, fix);
  if (skew > WARN_MS) return warned(name, detail, fix);
  return passed(name, skew === 0 ? "agrees with this machine's" : detail);
};
