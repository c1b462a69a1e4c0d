import { type Box, boxesIn, Fields } from './heif-boxes.ts';

// ISO/IEC 23008-12. A phone stores a large photo as tiles of one size, each a HEVC picture.

export interface HeicGrid {
  columns: number;
  rows: number;
  /** Of the picture as stored, before it is turned. Pixels. */
  width: number;
  height: number;
  /** Of each tile. Pixels. */
  tile: { width: number; height: number };
  /** In this order: quarter turns against the clock; exchanged are top and bottom (0), or left and right (1). */
  transforms: { type: 'irot' | 'imir'; value: number }[];
  profile: Buffer | undefined;
  /** As in ITU-T H.273; undefined: as the HEVC stream says. */
  colours: { primaries: number; matrix: number; isFullRange: boolean } | undefined;
  /** Row by row, each as a HEVC stream of its own. */
  tiles: () => Iterable<Buffer>;
}

const START_CODE = Buffer.from([0, 0, 0, 1]);
// Bounds of what a hostile file may make us do.
const MAX_TILES = 4_096;
const MAX_DESCRIPTION_BYTES = 1_048_576;
const MAX_EXTENTS = 4;
const MAX_UNITS = 1_024;

const within = (value: number, limit: number, what: string): number => {
  if (value > limit) throw new RangeError(`more ${what} than any camera writes`);
  return value;
};

interface Place {
  isInMeta: boolean;
  extents: { offset: number; length: number }[];
}

const readPlaces = (content: Buffer): Map<number, Place> => {
  const fields = new Fields(content);
  const { version } = fields.version();
  const sizes = fields.uint(2);
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexBytes = version === 0 ? 0 : sizes & 15;
  const idBytes = version < 2 ? 2 : 4;
  const places = new Map<number, Place>();
  for (let left = fields.uint(idBytes); left > 0; left -= 1) {
    const id = fields.uint(idBytes);
    const isInMeta = version > 0 && (fields.uint(2) & 15) === 1;
    fields.uint(2);
    const base = fields.uint(baseBytes);
    const extents = Array.from({ length: within(fields.uint(2), MAX_EXTENTS, 'extents') }, () => {
      fields.uint(indexBytes);
      return { offset: base + fields.uint(offsetBytes), length: fields.uint(lengthBytes) };
    });
    places.set(id, { isInMeta, extents });
  }
  return places;
};

const readTypes = (content: Buffer): Map<number, string> => {
  const fields = new Fields(content);
  const { version } = fields.version();
  fields.uint(version === 0 ? 2 : 4);
  const types = new Map<number, string>();
  while (!fields.isAtEnd) {
    const entry = new Fields(fields.bytes(fields.uint(4) - 4));
    entry.text(4);
    const { version: entryVersion } = entry.version();
    const id = entry.uint(entryVersion < 3 ? 2 : 4);
    entry.uint(2);
    types.set(id, entry.text(4));
  }
  return types;
};

/** Returns the items from which another one is made. */
const readParts = (content: Buffer, wanted: number): number[] => {
  const { version } = new Fields(content).version();
  const idBytes = version === 0 ? 2 : 4;
  for (const { type, content: reference } of boxesIn(content.subarray(4))) {
    const fields = new Fields(reference);
    if (type !== 'dimg' || fields.uint(idBytes) !== wanted) continue;
    return Array.from({ length: fields.uint(2) }, () => fields.uint(idBytes));
  }
  return [];
};

/** Returns the properties of each item. */
const readProperties = (content: Buffer): ((item: number) => Box[]) => {
  const inside = boxesIn(content);
  const all = boxesIn(inside.find(({ type }) => type === 'ipco')?.content ?? Buffer.alloc(0));
  const of = new Map<number, Box[]>();
  for (const { content: association } of inside.filter(({ type }) => type === 'ipma')) {
    const fields = new Fields(association);
    const { version, flags } = fields.version();
    for (let left = fields.uint(4); left > 0; left -= 1) {
      const item = fields.uint(version === 0 ? 2 : 4);
      const numbers = Array.from({ length: fields.uint(1) }, () =>
        (flags & 1) === 1 ? fields.uint(2) & 0x7fff : fields.uint(1) & 0x7f,
      );
      of.set(
        item,
        numbers.flatMap((number) => all[number - 1] ?? []),
      );
    }
  }
  return (item) => of.get(item) ?? [];
};

/** Returns the parameter sets of a HEVC configuration, and how many bytes state a unit's length. */
const readConfiguration = (content: Buffer): { sets: Buffer[]; lengthBytes: number } => {
  const fields = new Fields(content);
  fields.bytes(21);
  const lengthBytes = (fields.uint(1) & 3) + 1;
  const sets: Buffer[] = [];
  for (let arrays = fields.uint(1); arrays > 0; arrays -= 1) {
    fields.uint(1);
    for (let units = fields.uint(2); units > 0; units -= 1) sets.push(fields.bytes(fields.uint(2)));
  }
  return { sets, lengthBytes };
};

const toStream = (sample: Buffer, { sets, lengthBytes }: ReturnType<typeof readConfiguration>): Buffer => {
  const fields = new Fields(sample);
  const units = [...sets];
  while (!fields.isAtEnd) {
    within(units.length, MAX_UNITS, 'units');
    units.push(fields.bytes(fields.uint(lengthBytes)));
  }
  return Buffer.concat(units.flatMap((unit) => [START_CODE, unit]));
};

const sizeOf = (properties: readonly Box[]): { width: number; height: number } => {
  const fields = new Fields(contentOf(properties, 'ispe'));
  fields.version();
  return { width: fields.uint(4), height: fields.uint(4) };
};

const contentOf = (boxes: readonly Box[], wanted: string): Buffer => {
  const found = boxes.find(({ type }) => type === wanted);
  if (found === undefined) throw new RangeError(`no ${wanted}`);
  return found.content;
};

const transformsIn = (properties: readonly Box[]): HeicGrid['transforms'] =>
  properties.flatMap(({ type, content }): HeicGrid['transforms'] => {
    if (type === 'irot') return [{ type, value: content.readUInt8(0) & 3 }];
    return type === 'imir' ? [{ type, value: content.readUInt8(0) & 1 }] : [];
  });

const colourIn = (properties: readonly Box[], kind: 'prof' | 'nclx'): Buffer | undefined =>
  properties
    .filter(({ type, content }) => type === 'colr' && content.toString('latin1', 0, 4) === kind)
    .map(({ content }) => content.subarray(4))[0];

const coloursIn = (properties: readonly Box[]): HeicGrid['colours'] => {
  const nclx = colourIn(properties, 'nclx');
  if (nclx === undefined) return undefined;
  const fields = new Fields(nclx);
  const [primaries] = [fields.uint(2), fields.uint(2)];
  return { primaries, matrix: fields.uint(2), isFullRange: fields.uint(1) >= 0x80 };
};

/**
 * Reads the primary picture of a HEIC file, if it consists of tiles; undefined if it does not.
 * @throws RangeError for a file that contradicts itself
 */
export const readHeicGrid = (bytes: Buffer): HeicGrid | undefined => {
  const boxes = contentOf(boxesIn(bytes), 'meta').subarray(4);
  within(boxes.length, MAX_DESCRIPTION_BYTES, 'descriptions');
  const meta = boxesIn(boxes);
  const pitm = new Fields(contentOf(meta, 'pitm'));
  const primary = pitm.uint(pitm.version().version === 0 ? 2 : 4);
  if (readTypes(contentOf(meta, 'iinf')).get(primary) !== 'grid') return undefined;
  const places = readPlaces(contentOf(meta, 'iloc'));
  const dataOf = (item: number): Buffer => {
    const place = places.get(item);
    if (place === undefined) throw new RangeError('an item without a place');
    const from = place.isInMeta ? contentOf(meta, 'idat') : bytes;
    const parts = place.extents.map(({ offset, length }) => from.subarray(offset, offset + length));
    within(
      parts.reduce((sum, { length }) => sum + length, 0),
      from.length,
      'bytes',
    );
    return Buffer.concat(parts);
  };
  const grid = new Fields(dataOf(primary));
  const isWide = (grid.uint(2) & 1) === 1;
  const [rows, columns] = [grid.uint(1) + 1, grid.uint(1) + 1];
  const [width, height] = [grid.uint(isWide ? 4 : 2), grid.uint(isWide ? 4 : 2)];
  const parts = readParts(contentOf(meta, 'iref'), primary);
  if (parts.length !== rows * columns || parts.length > MAX_TILES)
    throw new RangeError('another number of tiles than announced');
  const properties = readProperties(contentOf(meta, 'iprp'));
  const own = properties(primary);
  const described = [...own, ...properties(parts[0] ?? 0)];
  const tile = sizeOf(properties(parts[0] ?? 0));
  if (columns !== Math.ceil(width / tile.width) || rows !== Math.ceil(height / tile.height))
    throw new RangeError('tiles that do not cover the picture');
  return {
    ...{ rows, columns, width, height, tile },
    transforms: transformsIn(own),
    profile: colourIn(described, 'prof'),
    colours: coloursIn(described),
    *tiles() {
      for (const part of parts)
        yield toStream(dataOf(part), readConfiguration(contentOf(properties(part), 'hvcC')));
    },
  };
};
