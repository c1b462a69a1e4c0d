import { expect, test } from 'vitest';
import { signatureAge } from './signature-age.ts';

const NOW = new Date('2026-11-20T09:12:10Z');

test.each([
  ['ClamAV 1.4.6/27000/Thu Nov 19 09:12:10 2026\0', 86_400],
  ['ClamAV 1.4.6/27001/Fri Nov 20 10:00:00 2026', 0],
  ['ClamAV 1.4.6', undefined],
  ['ClamAV 1.4.6//', undefined],
  ['', undefined],
])('%j', (answer, age) => {
  expect(signatureAge(answer, NOW)).toBe(age);
});
