import { open } from 'node:fs/promises';
import type { HdrTransfer } from '../ffmpeg/probe.ts';

/** A `colr` box with code points instead of a profile (ISO/IEC 14496-12). */
const CODE_POINTS = 'colrnclx';
/** The boxes that describe a picture precede its pixels. */
const HEAD_BYTES = 64 * 1024;

/** Colours as in ITU-T H.273. */
export interface CodePoints {
  primaries: number;
  transfer: number;
}

/** Reads how a HEIF or AVIF picture says its colours are coded; undefined when it does not. */
export const codePointsIn = (bytes: Buffer): CodePoints | undefined => {
  const at = bytes.indexOf(CODE_POINTS, 0, 'latin1');
  const fields = at + CODE_POINTS.length;
  if (at === -1 || fields + 4 > bytes.length) return undefined;
  return { primaries: bytes.readUInt16BE(fields), transfer: bytes.readUInt16BE(fields + 2) };
};

/** As {@link codePointsIn}, from the head of a file. */
export const codePointsOf = async (path: string): Promise<CodePoints | undefined> => {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return codePointsIn(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
};

const HDR_TRANSFERS: Readonly<Record<number, HdrTransfer>> = { 16: 'smpte2084', 18: 'arib-std-b67' };

/** Returns the curve of a picture that is brighter than a standard screen; undefined for any other. */
export const hdrTransferOf = (points: CodePoints | undefined): HdrTransfer | undefined =>
  points === undefined ? undefined : HDR_TRANSFERS[points.transfer];
