import { describe, expect, it } from 'vitest';
import { isTypeMismatch, kindOf } from './kind-of.ts';
import { isText } from './sniff.ts';

describe('kindOf', () => {
  it.each([
    ['image/jpeg', 'image'],
    ['image/heic', 'image'],
    ['image/jxl', 'other'],
    ['video/quicktime', 'video'],
    ['application/ogg', 'video'],
    ['audio/mpeg', 'audio'],
    ['application/pdf', 'document'],
    ['text/plain', 'document'],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'document'],
    ['application/zip', 'other'],
  ])('%s is %s', (contentType, kind) => {
    expect(kindOf(contentType)).toBe(kind);
  });
});

describe('isTypeMismatch', () => {
  it('compares pictures, videos and sounds with the content', () => {
    expect(isTypeMismatch('image/png', ['image/jpeg'])).toBe(false);
    expect(isTypeMismatch('image/jpeg', ['text/plain'])).toBe(true);
    expect(isTypeMismatch('video/mp4', ['image/png'])).toBe(true);
    expect(isTypeMismatch('audio/webm', ['video/webm', 'audio/webm'])).toBe(false);
  });

  it('believes whoever claims nothing that is shown', () => {
    for (const declared of [undefined, 'application/octet-stream', 'application/pdf', 'text/plain'])
      expect(isTypeMismatch(declared, ['image/jpeg'])).toBe(false);
  });

  it('lets a drawing be XML, but nothing else', () => {
    expect(isTypeMismatch('image/svg+xml', ['application/xml'])).toBe(false);
    expect(isTypeMismatch('image/svg+xml', ['application/zip'])).toBe(true);
  });
});

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
