import type { Media } from '@claimcheck/client';
import { bytesOfThumbhash } from '@claimcheck/client/react/thumbhash-picture';
import { thumbHashToApproximateAspectRatio } from 'thumbhash';

const MAX_WIDTH = 360;
const MAX_HEIGHT = 420;
const MIN_WIDTH = 120;

/** Returns the box of a picture or video in CSS pixels, and its width divided by its height. */
export const frameSize = ({ kind, width, height, thumbhash }: Media): { width: number; ratio: number } => {
  const guessed = kind === 'video' ? 16 / 9 : 4 / 3;
  const hash = bytesOfThumbhash(thumbhash);
  const approximate = hash ? thumbHashToApproximateAspectRatio(hash) : guessed;
  const ratio = width && height ? width / height : approximate;
  const natural = Math.min(width ?? MAX_WIDTH, MAX_WIDTH, MAX_HEIGHT * ratio);
  return { width: Math.round(Math.max(natural, MIN_WIDTH)), ratio };
};
