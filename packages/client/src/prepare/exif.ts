// EXIF is a TIFF file in a segment: directories of 12-byte entries, sorted by tag, with offsets from its start.
// https://www.cipa.jp/std/documents/download_e.html?DC-008-Translation-2019-E

const TIFF_START = 10;
const LITTLE_ENDIAN = 0x4949;
const GPS_DIRECTORY = 0x8825;
const ENTRY_BYTES = 12;
/** Bytes of one value, by TIFF type. */
const VALUE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

interface Tiff {
  view: DataView;
  little: boolean;
}

/**
 * Returns an APP1 EXIF segment with its GPS directory overwritten by zeros and removed from the first directory.
 * Returns the same array if there is no GPS directory, and undefined if the segment cannot be read and must be removed.
 */
export const withoutGps = (segment: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined => {
  const copy = segment.slice();
  try {
    return removeGps(copy) ? copy : segment;
  } catch (error) {
    // An offset leads out of the segment, so the rest of it cannot be trusted.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

const removeGps = (segment: Uint8Array<ArrayBuffer>): boolean => {
  const view = new DataView(segment.buffer, segment.byteOffset + TIFF_START);
  const tiff = { view, little: view.getUint16(0) === LITTLE_ENDIAN };
  const directory = view.getUint32(4, tiff.little);
  const count = view.getUint16(directory, tiff.little);
  for (let index = 0; index < count; index += 1) {
    const entry = directory + 2 + index * ENTRY_BYTES;
    if (view.getUint16(entry, tiff.little) !== GPS_DIRECTORY) continue;
    eraseDirectory(tiff, view.getUint32(entry + 8, tiff.little));
    removeEntry(tiff, directory, index);
    return true;
  }
  return false;
};

/** Overwrites a directory's entries, and the values that lie elsewhere because they do not fit into an entry. */
const eraseDirectory = ({ view, little }: Tiff, directory: number): void => {
  const count = view.getUint16(directory, little);
  for (let index = 0; index < count; index += 1) {
    const entry = directory + 2 + index * ENTRY_BYTES;
    const bytes = (VALUE_BYTES[view.getUint16(entry + 2, little)] ?? 1) * view.getUint32(entry + 4, little);
    if (bytes > 4) erase(view, view.getUint32(entry + 8, little), bytes);
  }
  erase(view, directory, 2 + count * ENTRY_BYTES + 4);
};

/** Moves the following entries up, and the offset of the next directory. Values that lie elsewhere stay. */
const removeEntry = ({ view, little }: Tiff, directory: number, index: number): void => {
  const count = view.getUint16(directory, little);
  const start = directory + 2 + index * ENTRY_BYTES;
  const end = directory + 2 + count * ENTRY_BYTES + 4;
  for (let at = start; at < end; at += 1)
    view.setUint8(at, at + ENTRY_BYTES < end ? view.getUint8(at + ENTRY_BYTES) : 0);
  view.setUint16(directory, count - 1, little);
};

const erase = (view: DataView, start: number, bytes: number): void => {
  for (let at = start; at < start + bytes; at += 1) view.setUint8(at, 0);
};
