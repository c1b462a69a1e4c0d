import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMap, isPair, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { z } from 'zod';
import { CHART } from '../helm.ts';

export const VALUES_LIST = pathToFileURL(join(CHART, 'VALUES.md'));

const schemaNode = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

const propertyOf = (schema: unknown, name: string): unknown =>
  schemaNode.safeParse(schema).data?.properties?.[name];

const allowed = (schema: unknown): string => {
  const { enum: choices, type } = schemaNode.safeParse(schema).data ?? {};
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(', ');
  return [type ?? 'any'].flat().join(' or ');
};

/** Without what would end a cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim();

/** A map is walked into, unless it is a value as a whole: empty, or one that the schema leaves open. */
const isGroup = (value: unknown, schema: unknown): value is YAMLMap =>
  isMap(value) && value.items.length > 0 && schemaNode.safeParse(schema).data?.properties !== undefined;

const rowsOf = (map: YAMLMap, schema: unknown, path: readonly string[]): string[] =>
  map.items.flatMap((item) => (isPair(item) ? rowsOfPair(item, schema, path) : []));

const rowsOfPair = ({ key, value }: Pair, schema: unknown, path: readonly string[]): string[] => {
  const name = String(isScalar(key) ? key.value : key);
  const own = propertyOf(schema, name);
  const here = [...path, name];
  if (isGroup(value, own)) return rowsOf(value, own, here);
  const given = isScalar(value) || isMap(value) ? JSON.stringify(value.toJSON()) : String(value);
  return [`| \`${here.join('.')}\` | \`${cell(given)}\` | ${cell(allowed(own))} |`];
};

/** Every value of the chart with its default and what the schema allows, as Markdown. */
export const valuesList = async (): Promise<string> => {
  const values = parseDocument(await readFile(join(CHART, 'values.yaml'), 'utf8'));
  const schema: unknown = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8'));
  if (!isMap(values.contents)) throw new Error('values.yaml is no map');
  const head = ['| value | default | allowed |', '| --- | --- | --- |'];
  return [
    '# Every value of the chart',
    '',
    'What they mean is in [README.md](README.md#values) and the comments of [values.yaml](values.yaml). Written by `npm run chart-values`.',
    '',
    ...head,
    ...rowsOf(values.contents, schema, []),
    '',
  ].join('\n');
};
