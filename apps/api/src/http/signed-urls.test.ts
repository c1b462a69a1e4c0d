import { expect, test } from 'vitest';
import { signedLifeMs } from './signed-urls.ts';

const MINUTE = 60_000;
const config = { minMs: 5 * MINUTE, maxMs: 360 * MINUTE, stepMs: 5 * MINUTE };

test.each([
  ['a picture', { size_bytes: 200_000, duration_ms: undefined }, 5 * MINUTE],
  [
    'a film of an hour: twice its length and a pause',
    { size_bytes: 1_000_000, duration_ms: 60 * MINUTE },
    125 * MINUTE,
  ],
  [
    'a large file over a slow network',
    { size_bytes: 64 * 1_024 * 3_600, duration_ms: undefined },
    60 * MINUTE,
  ],
  ['more than is allowed', { size_bytes: 5 * 1_024 ** 3, duration_ms: undefined }, 360 * MINUTE],
])('%s', (_, download, ms) => {
  expect(signedLifeMs(config, download)).toBe(ms);
});
