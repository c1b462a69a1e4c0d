import { expect, test } from 'vitest';
import { createOriginCheck } from './allowed-origins.ts';

test('own pages and listed origins are allowed, others are not', () => {
  const isAllowed = createOriginCheck(['https://chat.example/app', 'https://other.example:8443']);
  expect(isAllowed('https://chat.example')).toBe(true);
  expect(isAllowed('https://other.example:8443')).toBe(true);
  expect(isAllowed('https://other.example')).toBe(false);
  expect(isAllowed('http://chat.example')).toBe(false);
  expect(isAllowed('https://chat.example.evil.example')).toBe(false);
  expect(isAllowed('null')).toBe(false);
  expect(isAllowed('')).toBe(false);
});

test('a client without Origin is not a browser, and is allowed', () => {
  expect(createOriginCheck([])(undefined)).toBe(true);
});

test('the names of this machine are equivalent', () => {
  const isAllowed = createOriginCheck(['http://127.0.0.1:8080']);
  expect(isAllowed('http://localhost:8080')).toBe(true);
  expect(isAllowed('http://[::1]:8080')).toBe(true);
  expect(isAllowed('http://localhost:8081')).toBe(false);
});

test('web views are allowed by their own schemes, which admit no page without an origin', () => {
  const isAllowed = createOriginCheck(['capacitor://localhost']);
  expect(isAllowed('capacitor://localhost')).toBe(true);
  expect(isAllowed('null')).toBe(false);
  expect(createOriginCheck(['null'])('null')).toBe(true);
});

test('* allows everybody', () => {
  expect(createOriginCheck(['*'])('https://anywhere.example')).toBe(true);
});
