import { expect, test } from 'vitest';
import { checkClock } from './check-clock.ts';

const asked = { sent: 1_000_000, received: 1_000_400 };

test.each([
  ['in between', 1_000_200, 'ok', "agrees with this machine's"],
  ['a little ahead', 1_004_000, 'ok', "3.6 s ahead of this machine's"],
  ['ahead', 1_010_400, 'warning', "10.0 s ahead of this machine's"],
  ['behind', 980_000, 'warning', "20.0 s behind this machine's"],
  ['far behind', 800_000, 'failed', "200.0 s behind this machine's"],
])('a clock that is %s', (_, time, verdict, detail) => {
  expect(checkClock('the store', new Date(time), asked)).toMatchObject({
    name: 'clock of the store',
    verdict,
    detail,
  });
});
