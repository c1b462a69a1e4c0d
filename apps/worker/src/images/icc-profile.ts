import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';
import sharp from 'sharp';
import { codePointsIn } from './nclx.ts';

/** Numbers as in ITU-T H.273. */
const DISPLAY_P3_PRIMARIES = 12;
/** The signature and IHDR, which is always the first chunk. */
const PNG_HEADER_BYTES = 33;

/** Returns the colours of a HEIC photo; undefined for sRGB and for code points without a profile here. */
export const profileOfHeic = async (source: string, bytes: Buffer): Promise<Buffer | undefined> => {
  const { icc } = await sharp(source, { limitInputPixels: false }).metadata();
  return icc ?? profileOfPrimaries(codePointsIn(bytes)?.primaries);
};

/** Returns the profile for primaries; undefined for those of sRGB and for any without a profile here. */
export const profileOfPrimaries = async (primaries: number | undefined): Promise<Buffer | undefined> =>
  primaries === DISPLAY_P3_PRIMARIES ? displayP3() : undefined;

/** The profile that libvips brings. */
const displayP3 = async (): Promise<Buffer | undefined> => {
  const pixel = sharp({ create: { width: 1, height: 1, channels: 3, background: '#fff' } });
  return (await sharp(await pixel.withIccProfile('p3').png().toBuffer()).metadata()).icc;
};

/**
 * Returns the parts of a PNG with a profile for its existing pixels; sharp only adds one to pixels that it converts.
 * https://www.w3.org/TR/png-3/#11iCCP
 */
export const withProfile = async (png: Buffer, profile: Buffer): Promise<Buffer[]> => {
  const chunk = Buffer.concat([Buffer.from('iCCPprofile\0\0', 'latin1'), await promisify(deflate)(profile)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(chunk.length - 'iCCP'.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(chunk));
  return [png.subarray(0, PNG_HEADER_BYTES), length, chunk, sum, png.subarray(PNG_HEADER_BYTES)];
};
