import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { EVENT_SCHEMAS } from './broker-events.ts';
import { jsonSchemaFiles } from './json-schema-files.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

/** Longest first: a name may begin with another one. */
const NAMES = Object.keys(EVENT_SCHEMAS).toSorted((one, other) => other.length - one.length);

const examples = readdirSync(new URL('../examples/', import.meta.url)).map((file) => {
  const name = NAMES.find((one) => `media.${file}`.startsWith(`${one}.`));
  if (name === undefined) throw new Error(`no schema for ${file}`);
  return { file, name, event: JSON.parse(read(`examples/${file}`)) as Record<string, unknown> };
});

const validators = Object.fromEntries(
  Object.keys(EVENT_SCHEMAS).map((name) => [
    name,
    ajv.compile(JSON.parse(read(`schemas/${name}.schema.json`))),
  ]),
);

test('the schema files equal the code (npm run schemas writes them)', () => {
  for (const [file, text] of Object.entries(jsonSchemaFiles()))
    expect(read(`schemas/${file}`), file).toBe(text);
});

describe.each(examples)('$file', ({ name, event }) => {
  const accepts = (candidate: object) => ({
    file: validators[name]?.(candidate),
    code: EVENT_SCHEMAS[name].safeParse(candidate).success,
  });

  test('is valid for the schema file and for the code', () => {
    expect(accepts(event), JSON.stringify(validators[name]?.errors)).toEqual({ file: true, code: true });
  });

  test('accepts a field that it does not know', () => {
    expect(accepts({ ...event, invented: { later: true } })).toEqual({ file: true, code: true });
  });

  test.each(Object.keys(event).filter((field) => field !== 'error' && field !== 'processed'))(
    'is not valid without %s',
    (field) => {
      const { [field]: _, ...rest } = event;
      expect(accepts(rest)).toEqual({ file: false, code: false });
    },
  );

  test('is not valid with a number as mediaId', () => {
    expect(accepts({ ...event, mediaId: 5 })).toEqual({ file: false, code: false });
  });
});

test('a worker may not send a quality that is not known yet', () => {
  const image = examples.find(({ file }) => file.includes('image'))?.event;
  const processed = [{ quality: 'ultra', format: 'jxl', url: 's3://b/k', size: 1 }];
  expect(EVENT_SCHEMAS['media.optimize.response'].safeParse({ ...image, processed }).success).toBe(false);
});

test.each([
  ['durationMs', 39_639_917_136],
  ['width', 2_147_483_648],
  ['epoch', 2_147_483_648],
  ['contentType', 'image/png\u0000'],
])('a worker may not send a %s that no row can hold', (field, value) => {
  const image = examples.find(({ file }) => file.includes('image'))?.event;
  expect(EVENT_SCHEMAS['media.optimize.response'].safeParse({ ...image, [field]: value }).success).toBe(
    false,
  );
  expect(validators['media.optimize.response']?.({ ...image, [field]: value })).toBe(false);
});

test('a worker may send a virus name that no row can hold', () => {
  const virus = examples.find(({ name }) => name === 'media.optimize.response.virus')?.event;
  const read = EVENT_SCHEMAS['media.optimize.response.virus'].parse({ ...virus, virusName: 'Eicar\u0000\n' });
  expect(read).toMatchObject({ virusName: 'Eicar??' });
});
