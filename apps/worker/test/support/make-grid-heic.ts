import { makeWithFfmpeg } from './make-video.ts';

const uint = (bytes: number, ...values: number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const field = Buffer.alloc(bytes);
      field.writeUIntBE(value, 0, bytes);
      return field;
    }),
  );

const box = (type: string, ...content: Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  return Buffer.concat([uint(4, body.length + 8), Buffer.from(type, 'latin1'), body]);
};

const fullBox = (type: string, version: number, ...content: Buffer[]): Buffer =>
  box(type, uint(4, version << 24), ...content);

/** Returns a HEVC picture of one colour: its configuration and its bytes. */
const makeTile = async (colour: string, edge: number): Promise<{ hvcc: Buffer; data: Buffer }> => {
  const picture = `color=${colour}:s=${edge}x${edge},scale=out_range=full:out_color_matrix=bt601`;
  const source = ['-f', 'lavfi', '-i', picture, '-frames:v', '1'];
  const codec = [
    '-pix_fmt',
    'yuv420p',
    '-c:v',
    'libx265',
    '-x265-params',
    'log-level=none',
    '-tag:v',
    'hvc1',
  ];
  const mp4 = await makeWithFfmpeg([...source, ...codec], 'mp4');
  const content = (type: string) => {
    const at = mp4.indexOf(type, 0, 'latin1');
    return mp4.subarray(at + 4, at - 4 + mp4.readUInt32BE(at - 4));
  };
  return { hvcc: content('hvcC'), data: content('mdat') };
};

const FTYP = box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1'));
const GRID = 1;

/** A HEIC photo of square tiles, as phones store it: those of the left half have one colour, the others another. */
export const makeGridHeic = async (options: {
  columns: number;
  rows: number;
  edge: number;
  width: number;
  height: number;
  /** Quarter turns against the clock. */
  turns: number;
  colours: [string, string];
}): Promise<Buffer> => {
  const { columns, rows, edge, width, height, turns, colours } = options;
  const [left, right] = await Promise.all([makeTile(colours[0], edge), makeTile(colours[1], edge)]);
  const tiles = Array.from({ length: columns * rows }, (_, index) => ({
    id: GRID + 1 + index,
    isLeft: index % columns < columns / 2,
  }));
  const descriptor = Buffer.concat([uint(1, 0, 1, rows - 1, columns - 1), uint(4, width, height)]);
  const entry = (id: number, type: string) =>
    fullBox('infe', 2, uint(2, id, 0), Buffer.from(`${type}\0`, 'latin1'));
  const size = (w: number, h: number) => fullBox('ispe', 0, uint(4, w, h));
  const properties = box(
    'ipco',
    ...[size(width, height), box('irot', uint(1, turns)), size(edge, edge)],
    ...[box('hvcC', left.hvcc), box('hvcC', right.hvcc)],
    // sRGB by BT.601 in the full range.
    box('colr', Buffer.from('nclx', 'latin1'), uint(2, 1, 13, 6), uint(1, 0x80)),
  );
  const associations = [
    Buffer.concat([uint(2, GRID), uint(1, 3, 1, 2, 6)]),
    ...tiles.map(({ id, isLeft }) => Buffer.concat([uint(2, id), uint(1, 2, 3, isLeft ? 4 : 5)])),
  ];
  /** Places in the file: of the descriptor in `idat`, and of the two pictures after the boxes. */
  const place = (id: number, isInMeta: boolean, offset: number, length: number) =>
    Buffer.concat([uint(2, id, isInMeta ? 1 : 0, 0, 1), uint(4, offset, length)]);
  const meta = (first: number): Buffer =>
    fullBox(
      'meta',
      0,
      fullBox('hdlr', 0, uint(4, 0), Buffer.from('pict', 'latin1'), Buffer.alloc(13)),
      fullBox('pitm', 0, uint(2, GRID)),
      fullBox(
        'iinf',
        0,
        uint(2, tiles.length + 1),
        entry(GRID, 'grid'),
        ...tiles.map(({ id }) => entry(id, 'hvc1')),
      ),
      fullBox('iref', 0, box('dimg', uint(2, GRID, tiles.length), uint(2, ...tiles.map(({ id }) => id)))),
      box('iprp', properties, fullBox('ipma', 0, uint(4, tiles.length + 1), ...associations)),
      fullBox(
        'iloc',
        1,
        uint(2, 0x4400, tiles.length + 1),
        place(GRID, true, 0, descriptor.length),
        ...tiles.map(({ id, isLeft }) =>
          isLeft
            ? place(id, false, first, left.data.length)
            : place(id, false, first + left.data.length, right.data.length),
        ),
      ),
      box('idat', descriptor),
    );
  const first = FTYP.length + meta(0).length + 8;
  return Buffer.concat([FTYP, meta(first), box('mdat', left.data, right.data)]);
};
