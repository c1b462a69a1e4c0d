import { describe, expect, test } from 'vitest';
import { partsOf, planParts } from './parts-of.ts';

describe('parts of an upload', () => {
  test.each([
    [1, 10, [1]],
    [10, 10, [10]],
    [11, 10, [10, 1]],
    [30, 10, [10, 10, 10]],
  ])('%i bytes in parts of %i', (length, part_size, sizes) => {
    const parts = planParts({ length, part_size });
    expect(parts.map(({ size_bytes }) => size_bytes)).toEqual(sizes);
    expect(parts.map(({ number }) => number)).toEqual(sizes.map((_, index) => index + 1));
  });

  test('a part of another size, or one that does not belong here, is not finished', () => {
    const stored = [
      { number: 1, size_bytes: 10 },
      { number: 2, size_bytes: 9 },
      { number: 7, size_bytes: 10 },
    ];
    expect(partsOf({ length: 25, part_size: 10 }, stored)).toEqual({
      finished: [{ number: 1, size_bytes: 10 }],
      missing: [
        { number: 2, size_bytes: 10 },
        { number: 3, size_bytes: 5 },
      ],
    });
  });
});
