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

test('a token that lives less than two minutes causes a warning halfway', () => {
  const { calls } = start(10);
  vi.advanceTimersByTime(4_999);
  expect(calls).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(calls).toEqual(['expiring 1010']);
});

test('a client that answers each warning with the same token is warned once', () => {
  const calls: string[] = [];
  const expiry: SessionExpiry = new SessionExpiry(1_090, {
    onExpiring: () => {
      calls.push('expiring');
      setTimeout(() => expiry.extend(1_090), 5);
    },
    onExpired: () => calls.push('expired'),
  });
  vi.advanceTimersByTime(90_000);
  expect(calls).toEqual(['expiring', 'expired']);
});

test('tokens of half a minute, renewed at each warning, cost one warning per quarter of a minute', () => {
  const calls: string[] = [];
  const expiry: SessionExpiry = new SessionExpiry(1_030, {
    onExpiring: () => {
      calls.push('expiring');
      setTimeout(() => expiry.extend(Math.floor(Date.now() / 1_000) + 30), 5);
    },
    onExpired: () => calls.push('expired'),
  });
  vi.advanceTimersByTime(300_000);
  expect(calls.length).toBeGreaterThan(15);
  expect(calls.length).toBeLessThan(25);
  expect(calls).not.toContain('expired');
  expiry.stop();
});

test('a fresh token moves the warning and the end', () => {
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
