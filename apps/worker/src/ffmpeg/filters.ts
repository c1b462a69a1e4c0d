import type { VideoStream } from './probe.ts';

/** From the brightness of an HDR curve to a plain screen's. @param input how the filter reads the frames */
const toneMap = (input: string, output: string): string =>
  [
    `zscale=${input}t=linear:npl=100`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    // Keeps what a plain screen can show nearly as it is, and compresses what is brighter, up to 1,000 nits.
    'tonemap=mobius:param=0.5:desat=0:peak=10',
    `zscale=${output}`,
  ].join(',');

/**
 * Filters that turn frames of the stream into progressive ones of a plain screen's colours.
 * @param scale runs in between: fields can't be scaled, and colours cost less on a smaller picture
 */
export const plainFrames = (
  { isInterlaced, transfer }: Pick<VideoStream, 'isInterlaced' | 'transfer'>,
  scale: string,
): string[] => [
  ...(isInterlaced ? ['yadif=deint=interlaced'] : []),
  scale,
  ...(transfer === undefined ? [] : [toneMap('', 't=bt709:m=bt709:r=tv')]),
];

/** What tone-mapped frames are tagged with; nothing where they were left as they are. */
export const plainTags = ({ transfer }: Pick<VideoStream, 'transfer'>): string[] =>
  transfer === undefined
    ? []
    : ['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv'];

/** As {@link plainFrames}, for a still in RGB that carries no tags. */
export const plainStill = (transfer: string): string =>
  `${toneMap(`tin=${transfer}:pin=2020:min=gbr:rin=full:p=2020:m=gbr:r=full:`, 't=iec61966-2-1:m=gbr:r=full')},format=rgb24`;
