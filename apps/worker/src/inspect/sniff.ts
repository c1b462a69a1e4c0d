import { kindOf } from '@claimcheck/contracts/media-kind';
import { fileTypeFromFile } from 'file-type';
import { readHead } from './read-head.ts';

const TEXT_SAMPLE_BYTES = 64 * 1024;

const UNKNOWN = 'application/octet-stream';

/** Types that two bytes announce, as do two of every 65,536 random ones: an encrypted file is no sound because of them. */
const BY_TWO_BYTES: ReadonlySet<string> = new Set([
  ...['audio/mpeg', 'audio/aac', 'audio/vnd.dolby.dd-raw', 'video/mp2t', 'image/bmp', 'image/jxl'],
]);

const ID3 = Buffer.from('ID3');

/**
 * Returns the content type from the bytes alone; `text/plain` for text in any usual encoding, `application/octet-stream` if
 * unknown. A text that begins with `BM` or `GIF` is a text.
 *
 * @param isRecognised asks a decoder about a type that few bytes announce
 */
export const sniff = async (path: string, isRecognised: () => Promise<boolean>): Promise<string> => {
  const type = (await fileTypeFromFile(path))?.mime ?? UNKNOWN;
  const kind = kindOf(type);
  if (kind === 'document' || (kind === 'other' && type !== UNKNOWN)) return type;
  const head = await readHead(path, TEXT_SAMPLE_BYTES);
  if (isText(head, head.length < TEXT_SAMPLE_BYTES)) return 'text/plain';
  const isDoubtful = BY_TWO_BYTES.has(type) && !head.subarray(0, ID3.length).equals(ID3);
  return isDoubtful && !(await isRecognised()) ? UNKNOWN : type;
};

const decodes = (bytes: Uint8Array, encoding: string, isWhole: boolean): string | undefined => {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: !isWhole });
  } catch {
    return undefined;
  }
};

/** Tab, line breaks, form feed, and the escape of ISO-2022. */
const TEXT_CONTROLS = [9, 10, 12, 13, 27];
const DELETE = 127;

const isControl = (code: number): boolean => (code < 32 && !TEXT_CONTROLS.includes(code)) || code === DELETE;

/** Fewer bytes without a control character are no proof of a text. */
const LEAST_BYTES = 8;

const hasControls = (text: string): boolean => [...text].some((one) => isControl(one.charCodeAt(0)));

const byteOrderMark = ([first, second]: Uint8Array): string | undefined => {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
};

/**
 * Returns whether the bytes are text: UTF-16 by its byte order mark, UTF-8, or an encoding of one or two bytes a character
 * without control characters, such as Latin-1, GBK or Shift JIS.
 *
 * @param isWhole false if the bytes are only a beginning, which may end within a character
 */
export const isText = (bytes: Uint8Array, isWhole: boolean): boolean => {
  const encoding = byteOrderMark(bytes);
  if (encoding !== undefined) {
    const text = decodes(bytes, encoding, isWhole);
    return text !== undefined && text.length > 0 && !hasControls(text);
  }
  if (bytes.includes(0)) return false;
  if (decodes(bytes, 'utf-8', isWhole) !== undefined) return true;
  return bytes.length >= LEAST_BYTES && !bytes.some(isControl);
};
