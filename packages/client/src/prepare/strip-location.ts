import { ClaimcheckError } from '../claimcheck-error.ts';
import { withoutGps } from './exif.ts';

/** Pictures and films may contain a location. A file without a type may be one: browsers do not know every format. */
const MAY_HAVE_LOCATION = /^(image|video)\/|^application\/octet-stream$/i;
const SOI = 0xd8;
const SOS = 0xda;
const APP1 = 0xe1;
const MARKER = 0xff;
/** Segments before the picture data are small, and no metadata of a photo follows it. */
const HEAD_BYTES = 16 * 1024 ** 2;

/**
 * Returns a JPEG without the location where it was taken: its EXIF loses the GPS directory, and XMP packets that mention
 * GPS are removed as a whole. Everything else stays, pixels above all. Unless `stripLocation` is `'if-possible'`, it
 * rejects with `location_kept` for other pictures and videos, and for files without a type.
 */
export const stripLocation = async (
  file: Blob,
  contentType: string,
  wanted: boolean | 'if-possible',
): Promise<Blob> => {
  if (wanted === false) return file;
  // The bytes decide whether the file is a JPEG: its declared type may be wrong.
  const isJpeg = startsAsJpeg(await read(file, 2));
  const head = isJpeg ? await read(file, HEAD_BYTES) : undefined;
  const segments = head && readSegments(head);
  if (head && segments) return rebuild(file, head, segments);
  const mayHaveLocation = isJpeg || MAY_HAVE_LOCATION.test(contentType);
  if (wanted === 'if-possible' || !mayHaveLocation) return file;
  throw new ClaimcheckError(
    'location_kept',
    `stripLocation takes the location out of JPEG files, and this is ${contentType}: convert it, or allow 'if-possible'.`,
    { field: 'stripLocation' },
  );
};

interface Segment {
  marker: number;
  /** From the marker to the end of the segment. */
  start: number;
  end: number;
}

const read = async (file: Blob, bytes: number): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await file.slice(0, bytes).arrayBuffer());

const startsAsJpeg = (head: Uint8Array): boolean => head[0] === MARKER && head[1] === SOI;

/** Returns the segments before the picture data, or undefined if the file is no JPEG, whatever its name. */
const readSegments = (head: Uint8Array<ArrayBuffer>): Segment[] | undefined => {
  if (!startsAsJpeg(head)) return undefined;
  const view = new DataView(head.buffer);
  const segments: Segment[] = [];
  for (let start = 2; start + 4 <= head.length; ) {
    const marker = head[start + 1] ?? 0;
    if (head[start] !== MARKER) return undefined;
    if (marker === SOS) return segments;
    const end = start + 2 + view.getUint16(start + 2);
    if (end > head.length) return undefined;
    segments.push({ marker, start, end });
    start = end;
  }
  return undefined;
};

const rebuild = (file: Blob, head: Uint8Array<ArrayBuffer>, segments: Segment[]): Blob => {
  const parts: BlobPart[] = [];
  let copied = 0;
  for (const { marker, start, end } of segments) {
    if (marker !== APP1) continue;
    const segment = head.slice(start, end);
    const kept = withoutLocation(segment);
    if (kept === segment) continue;
    parts.push(file.slice(copied, start), ...(kept === undefined ? [] : [kept]));
    copied = end;
  }
  if (parts.length === 0) return file;
  return new Blob([...parts, file.slice(copied)], { type: file.type });
};

/** Returns the same segment if it has no location, and undefined if it must be removed as a whole. */
const withoutLocation = (segment: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined => {
  const text = latin1Of(segment.subarray(4));
  if (text.startsWith('Exif\0\0')) return withoutGps(segment);
  return text.startsWith('http://ns.adobe.com/') && text.includes('GPS') ? undefined : segment;
};

/** Decodes Latin text. Hermes decodes nothing but UTF-8. */
const latin1Of = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};
