import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { RefusalLog } from './refusal-log.ts';
import { TokenError } from './token-error.ts';

afterEach(() => vi.restoreAllMocks());

test('many refusals make one line for each reason in ten seconds, which counts the others', () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const lines: Record<string, unknown>[] = [];
  const log = new RefusalLog(
    pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) }),
  );
  for (let count = 0; count < 50; count += 1) log.record(new TokenError('signature', 'no key'));
  log.record(new TokenError('issuer', 'another issuer'), { request_id: 'r1' });
  log.record(new TokenError('token_expired', 'exp has passed'));
  now = 10_001;
  log.record(new TokenError('signature', 'no key'));
  expect(lines).toEqual([
    expect.objectContaining({ reason: 'signature', detail: 'no key', suppressed: 0 }),
    expect.objectContaining({ reason: 'issuer', request_id: 'r1' }),
    expect.objectContaining({ reason: 'signature', suppressed: 49 }),
  ]);
});
