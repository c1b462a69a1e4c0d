import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { readHeicGrid } from '../src/images/heic-grid.ts';
import { makeGridHeic } from './support/make-grid-heic.ts';

const SHAPE = { columns: 3, rows: 2, edge: 64, width: 190, height: 100 };

let heic: Buffer;
beforeAll(async () => {
  heic = await makeGridHeic({ ...SHAPE, turns: 3, colours: ['red', 'blue'] });
}, 30_000);

it('reads the tiles of a photo, row by row', () => {
  const grid = readHeicGrid(heic);
  expect(grid).toMatchObject({
    columns: 3,
    rows: 2,
    width: 190,
    height: 100,
    tile: { width: 64, height: 64 },
  });
  expect(grid?.transforms).toEqual([{ type: 'irot', value: 3 }]);
  const tiles = [...(grid?.tiles() ?? [])];
  expect(tiles).toHaveLength(6);
  const [left, , right] = tiles;
  expect(tiles.map((tile) => tile.equals(left as Buffer))).toEqual([true, true, false, true, true, false]);
  expect(left?.subarray(0, 4)).toEqual(Buffer.from([0, 0, 0, 1]));
  expect(right?.equals(left as Buffer)).toBe(false);
});

it('ignores a photo without tiles', async () => {
  const path = fileURLToPath(import.meta.resolve('../../../e2e/fixtures/china.heic'));
  expect(readHeicGrid(await readFile(path))).toBeUndefined();
});

it('ends on any changed byte, and on any cut', () => {
  const description = heic.indexOf('mdat', 0, 'latin1');
  const read = (bytes: Buffer) => {
    try {
      for (const tile of readHeicGrid(bytes)?.tiles() ?? []) expect(tile.length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
  };
  for (let at = 0; at < description; at += 1) {
    read(heic.subarray(0, at));
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = Buffer.from(heic);
      changed[at] = value;
      read(changed);
    }
  }
});
