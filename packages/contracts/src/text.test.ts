import { expect, test } from 'vitest';
import { contentType, filename, messageBody } from './text.ts';

test.each(['a.jpg', 'Ünïcode 照片 🎉.png', 'a "quoted" name'])('a file name: %s', (name) => {
  expect(filename.parse(name)).toBe(name);
});

test.each([
  '',
  'a\nb',
  'a\rb',
  'a\0b',
  'a\u001fb',
  'a\u0085b',
  'a\u202Eb',
  'a\u2066b',
  '\ud800',
  'é'.repeat(128),
])('not a file name: %j', (name) => {
  expect(filename.safeParse(name).success).toBe(false);
});

test('a body keeps its line breaks, and no character that controls a terminal', () => {
  expect(messageBody.parse('one\n\ttwo\r\n')).toBe('one\n\ttwo\r\n');
  expect(messageBody.safeParse('\u001b[31m').success).toBe(false);
});

test('limits count bytes, not characters', () => {
  expect(messageBody.safeParse('é'.repeat(2_000)).success).toBe(true);
  expect(messageBody.safeParse('é'.repeat(2_001)).success).toBe(false);
});

test('a content type is lower case and has no parameters', () => {
  expect(contentType.parse('Image/JPEG')).toBe('image/jpeg');
  for (const wrong of ['image', 'image/jpeg; charset=x', 'image/jpeg\n', '../x'])
    expect(contentType.safeParse(wrong).success).toBe(false);
});
