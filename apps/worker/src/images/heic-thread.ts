import { parentPort, workerData } from 'node:worker_threads';
import libheif from 'libheif-js/wasm-bundle.js';
import { z } from 'zod';

/** Runs in its own thread: decoding takes seconds, and may be ended at any time. */
const { bytes, maxPixels } = z
  .object({ bytes: z.instanceof(Uint8Array), maxPixels: z.number() })
  .parse(workerData);

const images = new libheif.HeifDecoder().decode(bytes);
// A file may hold several pictures; it marks the primary one.
const image = images.find((candidate) => candidate.is_primary()) ?? images[0];
if (image === undefined) throw new Error('no picture in the file');
const width = image.get_width();
const height = image.get_height();
// The limit applies to the decoded picture, whatever the header said about another one in the file.
if (width * height > maxPixels) throw new Error('pixel limit exceeded');
const target = { width, height, data: new Uint8ClampedArray(width * height * 4) };
image.display(target, (decoded) => {
  if (decoded === null) throw new Error('the picture cannot be decoded');
  parentPort?.postMessage({ width, height, data: decoded.data }, [decoded.data.buffer]);
});
