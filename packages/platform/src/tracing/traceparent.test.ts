import { expect, test } from 'vitest';
import { readTraceparent } from './traceparent.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';

test('a traceparent is read, even of a later version', () => {
  for (const given of [`00-${trace}-${span}-01`, `01-${trace}-${span}-00`])
    expect(readTraceparent(given)).toBe(given);
});

test.each([
  [undefined],
  [''],
  ['00-1'],
  [`ff-${trace}-${span}-01`],
  [`00-${'0'.repeat(32)}-${span}-01`],
  [`00-${trace}-${'0'.repeat(16)}-01`],
  [`00-${trace.toUpperCase()}-${span}-01`],
  [`00-${trace}-${span}-01\r\nx: y`],
])('%j is none', (given) => expect(readTraceparent(given)).toBeUndefined());
