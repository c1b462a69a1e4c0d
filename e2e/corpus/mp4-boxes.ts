/** A box of an mp4, which contains boxes or bytes. ISO/IEC 14496-12. */
export interface Box {
  type: string;
  /** Boxes inside; undefined if the content is kept unchanged. */
  boxes?: Box[];
  content: Buffer;
}

const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'dinf', 'stbl']);

/** Reads boxes with 32-bit sizes, which small files have. */
export const readBoxes = (bytes: Buffer): Box[] => {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || at + size > bytes.length) throw new Error(`a box of ${size} bytes at ${at}`);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const content = bytes.subarray(at + 8, at + size);
    boxes.push(CONTAINERS.has(type) ? { type, content, boxes: readBoxes(content) } : { type, content });
    at += size;
  }
  return boxes;
};

export const writeBoxes = (boxes: readonly Box[]): Buffer =>
  Buffer.concat(
    boxes.map(({ type, boxes: inner, content }) => {
      const body = inner === undefined ? content : writeBoxes(inner);
      const head = Buffer.alloc(8);
      head.writeUInt32BE(8 + body.length);
      head.write(type, 4, 'latin1');
      return Buffer.concat([head, body]);
    }),
  );

/** Replaces every box, at any depth, by what `change` returns: one, several, or none. */
export const changeBoxes = (boxes: readonly Box[], change: (box: Box) => Box[]): Box[] =>
  boxes.flatMap((box) =>
    change(box.boxes === undefined ? box : { ...box, boxes: changeBoxes(box.boxes, change) }),
  );
