import { readFileSync } from 'node:fs';
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { asyncApiDocument } from './asyncapi-document.ts';
import { EVENT_SCHEMAS } from './broker-events.ts';
import { CLIENT_REQUEST_SCHEMAS, SERVER_EVENT_SCHEMAS } from './socket-event-schemas.ts';

interface Message {
  name: string;
  payload: { schema: object };
}

const text = readFileSync(new URL('../schemas/asyncapi.json', import.meta.url), 'utf8');
const file: { components: { messages: Record<string, Message> } } = JSON.parse(text);

const newAjv = () => {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv;
};

test('the file equals the code (npm run schemas writes it)', () => {
  expect(`${JSON.stringify(asyncApiDocument(), null, 2)}\n`).toBe(text);
});

test('the document is valid by the official schema of AsyncAPI 3.0', () => {
  const validate = newAjv().compile(specs.schemasWithoutId['3.0.0']);
  validate(file);
  expect(validate.errors ?? []).toEqual([]);
});

test('the official schema detects a mistake', () => {
  const validate = newAjv().compile(specs.schemasWithoutId['3.0.0']);
  const document: Record<string, unknown> = { ...file, operations: { broken: { action: 'shout' } } };
  expect(validate(document)).toBe(false);
});

test('every reference has a target', () => {
  const references = [...text.matchAll(/"\$ref": "#\/([^"]+)"/g)].map(([, path = '']) => path);
  expect(references.length).toBeGreaterThan(50);
  for (const path of new Set(references)) {
    const found = path
      .split('/')
      .reduce<unknown>((node, key) => (node instanceof Object ? Reflect.get(node, key) : undefined), file);
    expect(found, path).toBeDefined();
  }
});

test('the document has every socket event, every request with its answer and every broker event', () => {
  const names = Object.values(file.components.messages).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      ...Object.keys(SERVER_EVENT_SCHEMAS),
      ...Object.keys(CLIENT_REQUEST_SCHEMAS),
      ...Object.keys(CLIENT_REQUEST_SCHEMAS).map((name) => `${name} (acknowledgement)`),
      ...Object.keys(EVENT_SCHEMAS),
    ]),
  );
});

test('the payload schemas reject wrong payloads', () => {
  const validator = (key: string) =>
    newAjv().compile(file.components.messages[key]?.payload.schema ?? { not: {} });
  const deleted = { conversation_id: 'c1', seq: 1, message: { message_id: crypto.randomUUID() } };
  expect(validator('socket.message.deleted')(deleted)).toBe(true);
  expect(validator('socket.message.deleted')({ ...deleted, seq: 0 })).toBe(false);
  expect(validator('socket.subscribe')({ conversation_id: 'a.b' })).toBe(false);
  expect(validator('socket.subscribe.answer')({ ok: true, last_seq: 7 })).toBe(true);
  expect(validator('socket.subscribe.answer')({ ok: true })).toBe(false);
});
