import sharp, { type Sharp } from 'sharp';

/** Returns a picture of one colour. */
export const plain = (width: number, height: number, background = '#c81e1e'): Sharp =>
  sharp({ create: { width, height, channels: 3, background } });

/** Returns the mean colour of a picture: red, green, blue, 0 to 255. */
export const meanColour = async (picture: Uint8Array): Promise<number[]> => {
  const { channels } = await sharp(picture).toColourspace('srgb').removeAlpha().stats();
  return channels.map(({ mean }) => Math.round(mean));
};
