import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SessionExpiry } from './session-expiry.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const start = (secondsLeft: number) => {
  const calls: string[] = [];
  const expiry = new SessionExpiry(1_000 + secondsLeft, {
    onExpiring: (at) => calls.push(`expiring ${at.getTime() / 1_000}`),
    onExpired: () => calls.push('expired'),
  });
  return { calls, expiry };
};

test('warns a minute before and ends on time', () => {
  const { calls } = start(300);
  vi.advanceTimersByTime(239_000);
  expect(calls).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(calls).toEqual(['expiring 1300']);
  vi.advanceTimersByTime(59_999);
  expect(calls).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(calls).toEqual(['expiring 1300', 'expired']);
});

test('warns at once when less than a minute is left', () => {
  const { calls } = start(10);
  vi.advanceTimersByTime(1);
  expect(calls).toEqual(['expiring 1010']);
});

test('a fresh token moves both', () => {
  const { calls, expiry } = start(100);
  vi.advanceTimersByTime(50_000);
  expiry.extend(1_500);
  vi.advanceTimersByTime(300_000);
  expect(calls).toEqual(['expiring 1100']);
  vi.advanceTimersByTime(150_000);
  expect(calls).toEqual(['expiring 1100', 'expiring 1500', 'expired']);
});

test('a token for years does not overflow the timer', () => {
  const { calls, expiry } = start(100 * 86_400);
  vi.advanceTimersByTime(90 * 86_400_000);
  expect(calls).toEqual([]);
  vi.advanceTimersByTime(10 * 86_400_000);
  expect(calls).toHaveLength(2);
  expiry.stop();
});

test('a stopped session stays silent', () => {
  const { calls, expiry } = start(30);
  expiry.stop();
  vi.advanceTimersByTime(60_000);
  expect(calls).toEqual([]);
});
