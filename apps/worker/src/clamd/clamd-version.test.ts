import { expect, it } from 'vitest';
import { findStreamLimit } from './clamd-limit.ts';
import { parseVersion } from './clamd-version.ts';

it.each([
  ['ClamAV 1.4.6/27000/Thu Nov 19 09:27:13 2026\0', 'ClamAV 1.4.6/27000'],
  ['ClamAV 1.4.6', 'ClamAV 1.4.6'],
  ['UNKNOWN COMMAND', undefined],
  ['', undefined],
])('%j is %s', (answer, version) => {
  expect(parseVersion(answer)).toBe(version);
});

it.each([1, 2, 3_145_728, 104_857_599, 104_857_600, 200_000_000])(
  'finds a limit of %i bytes',
  async (limit) => {
    let asked = 0;
    const found = await findStreamLimit(104_857_600, async (bytes) => {
      asked += 1;
      return bytes > limit;
    });
    expect(found).toBe(Math.min(limit, 104_857_600));
    expect(asked).toBeLessThan(32);
  },
);
