import sharp, { type Sharp } from 'sharp';

/** A picture of one colour. */
export const plain = (width: number, height: number, background = '#c81e1e'): Sharp =>
  sharp({ create: { width, height, channels: 3, background } });

/** Mean colour of a picture. @returns red, green, blue, 0 to 255 */
export const meanColour = async (picture: Uint8Array): Promise<number[]> => {
  const { channels } = await sharp(picture).toColourspace('srgb').removeAlpha().stats();
  return channels.map(({ mean }) => Math.round(mean));
};
