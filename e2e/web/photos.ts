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
