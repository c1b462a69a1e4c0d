import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { smallPhoto } from '../harness/fixtures.ts';
import type { ChosenFile } from './chat-tab.ts';

/** Photos that a person can tell apart: the same view in other colours. */
export const photos = async (count: number): Promise<ChosenFile[]> => {
  const view = await smallPhoto();
  const make = async (index: number): Promise<ChosenFile> => ({
    name: `view-${index + 1}.jpg`,
    mimeType: 'image/jpeg',
    buffer: await sharp(view)
      .modulate({ hue: Math.round((360 * index) / count) })
      .jpeg()
      .toBuffer(),
  });
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
};

/** A photo that was never sent: bytes that its owner has already would not be uploaded again. 1.3 MB, as a phone's. */
export const newPhoto = async (name: string): Promise<ChosenFile> => ({
  name,
  mimeType: 'image/jpeg',
  // Decoders stop where the picture ends.
  buffer: Buffer.concat([await smallPhoto(), randomBytes(1_300_000)]),
});
