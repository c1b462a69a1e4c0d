import { describe, expect, it } from 'vitest';
import { isText } from './sniff.ts';

describe('isText', () => {
  it('is valid UTF-8 without NUL', () => {
    expect(isText(Buffer.from('Grüße'), true)).toBe(true);
    expect(isText(Buffer.from('a\0b'), true)).toBe(false);
    expect(isText(Buffer.from([0xff, 0xfe]), true)).toBe(false);
  });

  it.each([
    ['UTF-16, little endian', Buffer.from('\ufeffGrüße\r\n', 'utf16le'), true],
    ['UTF-16, big endian', Buffer.from('\ufeffGrüße\r\n', 'utf16le').swap16(), true],
    ['Latin-1', Buffer.from('Grüße aus Köln\n', 'latin1'), true],
    ['GBK', Buffer.from('c4e3bac3cac0bde7c4e3bac3', 'hex'), true],
    ['a few bytes', Buffer.from([0xff, 0x80, 0x81]), false],
    ['bytes with controls', Buffer.from([...Buffer.from('Grüße', 'latin1'), 1, 2, 3, 4, 5]), false],
    ['UTF-16 of controls', Buffer.from('\ufeff\u0001\u0002', 'utf16le'), false],
  ])('knows other encodings: %s', (_, bytes, expected) => {
    expect(isText(bytes, true)).toBe(expected);
  });

  it('forgives a sample that ends within a character', () => {
    const cut = Buffer.from('Grü').subarray(0, 3);
    expect(isText(cut, false)).toBe(true);
    expect(isText(cut, true)).toBe(false);
  });
});
