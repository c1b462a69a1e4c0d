import { afterEach, expect, test, vi } from 'vitest';
import { createClient } from './create-client.ts';
import { memoryStore } from './store/memory-store.ts';

const open = (extra: object = {}) =>
  createClient({ baseUrl: 'http://127.0.0.1:9', getToken: () => 'a.b.c', userId: 'ann', ...extra });
const client = open({ store: memoryStore(), onWarning: () => {} });

afterEach(() => vi.unstubAllGlobals());

test.each<[string, unknown, RegExp]>([
  ['a path', 'photo.jpg', /openAsBlob/],
  ['bytes', new Uint8Array(3), /new Blob\(\[bytes\]/],
  ['an array of files', [new Blob([])], /once for each file/],
  ['what a picker of React Native returns', { uri: 'file:///photo.jpg' }, /claimcheck\/client\/native/],
  ['nothing', undefined, /got undefined/],
])('upload with %s says what to pass', (_, file, words) => {
  const upload = () => client.upload(file as Blob);
  expect(upload).toThrow(expect.objectContaining({ name: 'ClaimcheckError', code: 'invalid_option' }));
  expect(upload).toThrow(words);
});

test.each<[string, unknown, RegExp]>([
  ['a list of media', { media: [] }, /attachments: \[/],
  ['media and attachments', { media: 'm', attachments: [{ media: 'n' }] }, /either media or/],
  ['eleven attachments', { attachments: Array(11).fill({ media: 'm' }) }, /list of 1 to 10/],
  ['a misspelt attachment', { attachments: [{ media: 'm', text: '' }] }, /no option text/],
  ['a file', { media: new Blob([]) }, /client\.upload\(file\)/],
  ['another object', { media: { id: 1 } }, /got a Object/],
  ['a number as text', { text: 4711 }, /text has to be a string/],
  ['an unknown option', { text: 'hello', metadata: {} }, /send has no option metadata\. It has text,/],
  ['a text alone', 'hello', /takes an object/],
  ['nothing to send', {}, /needs text, media, or both/],
])('send with %s says what to pass', (_, input, words) => {
  const send = () => client.messages.send('talk', input as object);
  expect(send).toThrow(expect.objectContaining({ name: 'ClaimcheckError', code: 'invalid_option' }));
  expect(send).toThrow(words);
});

test('options that do not exist are named, with those that do', () => {
  expect(() => open({ baseURL: 'x' })).toThrow(/createClient has no option baseURL\. It has baseUrl, /);
  expect(() => open({ uploads: { parallel: 2 } })).toThrow(/uploads has no option parallel/);
  expect(() => client.upload(new Blob([]), { metadata: {} } as object)).toThrow(/no option metadata/);
});

test.each(['', 'a.b', undefined, {}, 'x'.repeat(65)])('a conversation cannot have the id %j', (id) => {
  const error = expect.objectContaining({ code: 'invalid_option', field: 'conversationId' });
  expect(() => client.conversation(id as string)).toThrow(error);
  expect(() => client.messages.send(id as string, { text: 'hello' })).toThrow(error);
});

test('a token that was given by mistake is not repeated in the error', () => {
  expect(() => open({ getToken: 'secret' })).not.toThrow(/secret/);
});

test('a client on a server that renders a page asks for no token, and keeps no process alive', async () => {
  const getToken = vi.fn(() => Promise.reject(new Error('no user is logged in')));
  const onWarning = vi.fn();
  const rendered = createClient({ baseUrl: 'http://127.0.0.1:9', getToken, onWarning });
  await rendered.restored;
  expect(rendered.conversation('talk').get().status).toBe('loading');
  expect(getToken).not.toHaveBeenCalled();
  expect(onWarning).not.toHaveBeenCalled();
});
