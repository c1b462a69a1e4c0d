import { describe, expect, test } from 'vitest';
import { decodeSubject, encodeSubject, toUserId } from './ids.ts';

describe('subjects of other identity systems', () => {
  test.each([
    ['auth0|6123', 'auth0_7C6123'],
    ['ann@example.org', 'ann_40example_2Eorg'],
    ['google-oauth2|10', 'google-oauth2_7C10'],
    // An underscore is encoded too, or two subjects could become one user.
    ['auth0_7C6123', 'auth0_5F7C6123'],
    ['zoë', 'zo_C3_AB'],
  ])('%s becomes %s, and back', (subject, userId) => {
    expect(encodeSubject(subject)).toBe(userId);
    expect(decodeSubject(userId)).toBe(subject);
    expect(toUserId(subject, 'encoded')).toBe(userId);
  });

  test('a subject that is too long, empty or no text is no user id', () => {
    for (const subject of ['a'.repeat(65), '|'.repeat(22), '', 7, undefined, ['ann']])
      expect(toUserId(subject, 'encoded')).toBeUndefined();
    expect(toUserId('auth0|6123')).toBeUndefined();
    expect(toUserId('ann_1')).toBe('ann_1');
  });
});
