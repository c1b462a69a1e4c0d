import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMap, isPair, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { z } from 'zod';
import { CHART } from '../helm.ts';

export const VALUES_LIST = pathToFileURL(join(CHART, 'VALUES.md'));

const schemaNode = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});
const schemaFile = schemaNode.extend({ definitions: z.record(z.string(), z.unknown()) });
type Definitions = z.infer<typeof schemaFile>['definitions'];

interface Row {
  path: string;
  fallback: string;
  allowed: string;
  meaning: string;
}

/** Removes characters that would end a cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim();

/** Returns the comment right above a key; headings, and comments before an empty line, belong to no value. */
const commentOf = (pair: Pair): string => {
  const before = isScalar(pair.key) ? (pair.key.commentBefore ?? '') : '';
  const block = before.split(/\n\s*\n/).at(-1) ?? '';
  return block
    .split('\n')
    .filter((line) => !line.includes('──'))
    .join(' ');
};

/** Reads values.yaml along its schema. */
class ValuesReader {
  readonly #definitions: Definitions;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  rows(map: YAMLMap, schema: unknown, path: readonly string[] = []): Row[] {
    return map.items.flatMap((item, index) => {
      if (!isPair(item)) return [];
      // The parser attaches the comment above a map's first key to the map.
      const above = index === 0 ? (map.commentBefore ?? '') : '';
      return this.#rowsOf(item, schema, path, above);
    });
  }

  #rowsOf(pair: Pair, schema: unknown, path: readonly string[], above: string): Row[] {
    const { key, value } = pair;
    const name = String(isScalar(key) ? key.value : key);
    const own = this.#node(this.#node(schema).properties?.[name]);
    const here = [...path, name];
    const meaning = cell(commentOf(pair) || above);
    const isGroup = isMap(value) && value.items.length > 0 && own.properties !== undefined;
    const row = { path: here.join('.'), meaning };
    if (isGroup) {
      const rows = this.rows(value, own, here);
      return meaning === '' ? rows : [{ ...row, fallback: '', allowed: 'object' }, ...rows];
    }
    const given = isScalar(value) || isMap(value) ? JSON.stringify(value.toJSON()) : String(value);
    return [{ ...row, fallback: `\`${cell(given)}\``, allowed: cell(this.#allowed(own)) }];
  }

  #node(schema: unknown): z.infer<typeof schemaNode> {
    const node = schemaNode.parse(schema ?? {});
    const [, name] = /^#\/definitions\/(\w+)$/.exec(node.$ref ?? '') ?? [];
    return name === undefined ? node : schemaNode.parse(this.#definitions[name]);
  }

  #allowed({ enum: choices, type }: z.infer<typeof schemaNode>): string {
    if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(', ');
    return [type ?? 'any'].flat().join(' or ');
  }
}

const valuesRows = async (): Promise<Row[]> => {
  const values = parseDocument(await readFile(join(CHART, 'values.yaml'), 'utf8'));
  const schema = schemaFile.parse(JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')));
  if (!isMap(values.contents)) throw new Error('values.yaml is no map');
  return new ValuesReader(schema.definitions).rows(values.contents, schema);
};

/** Returns every value of the chart with its default, its schema and its meaning, as Markdown. */
export const valuesList = async (): Promise<string> => {
  const rows = await valuesRows();
  return [
    '# Every value of the chart',
    '',
    '`npm run chart-values` writes this page from the comments of [values.yaml](values.yaml) and from its schema.',
    '',
    '| value | default | allowed | meaning |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => `| \`${row.path}\` | ${row.fallback} | ${row.allowed} | ${row.meaning} |`),
    '',
  ].join('\n');
};
