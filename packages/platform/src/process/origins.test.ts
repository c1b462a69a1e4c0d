import { expect, test } from 'vitest';
import { z } from 'zod';
import { readConfig } from './config.ts';
import { originsOf, originVariables } from './origins.ts';

const read = (value?: string) => readConfig(z.object(originVariables), { CORS_ORIGINS: value }).CORS_ORIGINS;

test.each([
  ['https://chat.example', 'https://chat.example'],
  ['https://chat.example/', 'https://chat.example'],
  ['https://chat.example/app/index.html?a=b#c', 'https://chat.example'],
  ['HTTPS://Chat.Example:443', 'https://chat.example'],
  ['http://chat.example:8080/', 'http://chat.example:8080'],
  ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ['http://[::1]:5173/', 'http://[::1]:5173'],
  ['capacitor://localhost', 'capacitor://localhost'],
  ['Ionic://LocalHost/', 'ionic://localhost'],
  ['app://.', 'app://.'],
  ['chrome-extension://abcdefghij/', 'chrome-extension://abcdefghij'],
  ['file:///', 'file://'],
  ['null', 'null'],
  ['*', '*'],
])('the operator writes %s and the process reads %s', (value, origin) => {
  expect(read(value)).toEqual([origin]);
});

test('a list names each origin once, and an unset one is empty', () => {
  expect(read('https://a.example/, https://A.example,null,,')).toEqual(['https://a.example', 'null']);
  expect(read(undefined)).toEqual([]);
  expect(read('')).toEqual([]);
});

test.each([
  'chat.example',
  'chat.example:443',
  'https://',
  'https://*.example',
  'https://ann:secret@chat.example',
  'https://chat.example:99999',
  'https://two words.example',
  'file://server/share',
  'data:text/html,x',
])('the process refuses %s', (value) => {
  expect(() => read(`https://chat.example,${value}`)).toThrow(/CORS_ORIGINS: must be \* or origins such as/);
  expect(() => read(value)).not.toThrow('secret');
});

test('a page of the local machine may use any of its names', () => {
  expect(originsOf(['http://localhost:5173/app'])).toEqual([
    'http://127.0.0.1:5173',
    'http://localhost:5173',
    'http://[::1]:5173',
  ]);
  expect(originsOf(['capacitor://localhost', 'null', '*'])).toEqual(['capacitor://localhost', 'null', '*']);
});
