import { describe, expect, it } from 'vitest';
import { isText } from './sniff.ts';

describe('isText', () => {
  it('is valid UTF-8 without NUL', () => {
    expect(isText(Buffer.from('Grüße'), true)).toBe(true);
    expect(isText(Buffer.from('a\0b'), true)).toBe(false);
    expect(isText(Buffer.from([0xff, 0xfe]), true)).toBe(false);
  });

  it('forgives a sample that ends within a character', () => {
    const cut = Buffer.from('Grü').subarray(0, 3);
    expect(isText(cut, false)).toBe(true);
    expect(isText(cut, true)).toBe(false);
  });
});
