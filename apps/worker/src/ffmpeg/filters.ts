import type { VideoStream } from './probe.ts';

/** Converts an HDR curve to a standard screen's brightness. @param input how the filter reads the frames */
const toneMap = (input: string, output: string): string =>
  [
    `zscale=${input}t=linear:npl=100`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    // Leaves the range of a standard screen nearly unchanged, and compresses brighter values, up to 1,000 nits.
    'tonemap=mobius:param=0.5:desat=0:peak=10',
    `zscale=${output}`,
  ].join(',');

/**
 * Returns filters that turn the stream's frames into progressive ones with a standard screen's colours.
 * @param scale runs in between: fields cannot be scaled, and colours cost less on a smaller picture
 */
export const plainFrames = (
  { isInterlaced, transfer }: Pick<VideoStream, 'isInterlaced' | 'transfer'>,
  scale: string,
): string[] => [
  ...(isInterlaced ? ['yadif=deint=interlaced'] : []),
  scale,
  ...(transfer === undefined ? [] : [toneMap('', 't=bt709:m=bt709:r=tv')]),
];

/** Colour tags of tone-mapped frames; none if the frames were left unchanged. */
export const plainTags = ({ transfer }: Pick<VideoStream, 'transfer'>): string[] =>
  transfer === undefined
    ? []
    : ['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv'];

/** Does the same as {@link plainFrames} for an untagged still in RGB. */
export const plainStill = (transfer: string): string =>
  `${toneMap(`tin=${transfer}:pin=2020:min=gbr:rin=full:p=2020:m=gbr:r=full:`, 't=iec61966-2-1:m=gbr:r=full')},format=rgb24`;
