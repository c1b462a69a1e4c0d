import { crc32, deflateSync } from 'node:zlib';
import { BitWriter } from './bit-writer.ts';

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const pngChunk = (type: string, data: Buffer): Buffer => {
  const content = Buffer.concat([Buffer.from(type), data]);
  return Buffer.concat([uint32(data.length), content, uint32(crc32(content))]);
};

interface PngShape {
  width: number;
  height: number;
  bits: 1 | 8 | 16;
  /** PNG's colour types. */
  colour: 'grey' | 'rgba';
}

/** A valid PNG of zeros: tiny to send, huge to decode. */
export const pngOfZeros = ({ width, height, bits, colour }: PngShape): Buffer => {
  const channels = colour === 'grey' ? 1 : 4;
  const row = 1 + Math.ceil((width * bits * channels) / 8);
  const header = [uint32(width), uint32(height), Buffer.from([bits, colour === 'grey' ? 0 : 6, 0, 0, 0])];
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', Buffer.concat(header)),
    pngChunk('IDAT', deflateSync(Buffer.alloc(row * height), { level: 1 })),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
};

const CODES_OF_A_PIXEL = 5;

/**
 * A lossless WebP in which each code has one symbol, so that a pixel takes no bits at all: 16,383 pixels
 * square in some thirty bytes. https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
 */
export const webpOfOneColour = (width: number, height: number): Buffer => {
  const bits = new BitWriter()
    .write(0x2f, 8)
    .write(width - 1, 14)
    .write(height - 1, 14);
  // No alpha, version 0; no transform, no colour cache, one group of codes.
  bits.write(0, 1).write(0, 3).write(0, 3);
  // A simple code of one symbol, which is written with one bit: 0.
  for (let code = 0; code < CODES_OF_A_PIXEL; code += 1) bits.write(1, 1).write(0, 3);
  const data = bits.toBuffer();
  const padded = data.length % 2 === 0 ? data : Buffer.concat([data, Buffer.alloc(1)]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(data.length);
  const riffSize = Buffer.alloc(4);
  riffSize.writeUInt32LE(4 + 8 + padded.length);
  return Buffer.concat([Buffer.from('RIFF'), riffSize, Buffer.from('WEBPVP8L'), size, padded]);
};

/**
 * A GIF whose frames are one pixel each, on a canvas that a decoder has to paint again for every frame.
 * @param edge of the canvas; libnsgif takes more than 2,048 for a mistake, and the largest frame for the size
 */
export const gifOfFrames = (edge: number, frames: number): Buffer =>
  gifOf({ canvas: edge, frame: 1, frames });

/** A GIF with one frame of that size, and the data of a single pixel. */
export const gifOfLargeFrame = (edge: number): Buffer => gifOf({ canvas: edge, frame: edge, frames: 1 });

const gifOf = (shape: { canvas: number; frame: number; frames: number }): Buffer => {
  const head = Buffer.alloc(13);
  head.write('GIF89a');
  head.writeUInt16LE(shape.canvas, 6);
  head.writeUInt16LE(shape.canvas, 8);
  // A global table of two colours.
  head.writeUInt8(0x80, 10);
  const colours = Buffer.from([0, 0, 0, 255, 255, 255]);
  const control = Buffer.from([0x21, 0xf9, 4, 4, 1, 0, 0, 0]);
  const descriptor = Buffer.alloc(10);
  descriptor.writeUInt8(0x2c);
  descriptor.writeUInt16LE(shape.frame, 5);
  descriptor.writeUInt16LE(shape.frame, 7);
  // LZW: clear, one pixel, end.
  const frame = Buffer.concat([control, descriptor, Buffer.from([2, 2, 0x44, 0x01, 0])]);
  const frames = Array.from({ length: shape.frames }, () => frame);
  return Buffer.concat([head, colours, ...frames, Buffer.from([0x3b])]);
};
