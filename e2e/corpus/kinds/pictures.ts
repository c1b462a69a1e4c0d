import sharp from 'sharp';
import { makeWithFfmpeg } from '../../harness/make-with-ffmpeg.ts';
import type { CorpusFile } from './corpus-file.ts';

const RED = { r: 219, g: 31, b: 30 } as const;
const COLOUR = [RED.r, RED.g, RED.b] as const;

const plain = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: RED } });

const field = (size: string): string[] => ['-f', 'lavfi', '-i', `color=c=0xDB1F1E:s=${size}:r=1:d=1`];

const picture = (
  name: string,
  filetype: string,
  make: () => Promise<Buffer>,
  expected: Partial<CorpusFile['expected']> = {},
): CorpusFile => ({
  ...{ name, group: 'pictures', filetype, make },
  expected: { state: 'ready', kind: 'image', width: 320, height: 200, colour: COLOUR, ...expected },
});

const bright = (transfer: string) =>
  makeWithFfmpeg(
    [
      ...field('320x200'),
      ...[
        '-vf',
        `format=gbrp,zscale=min=gbr:tin=709:pin=709:rin=full:m=2020_ncl:t=${transfer}:p=2020:r=limited:npl=100,format=yuv420p10le`,
      ],
      ...['-frames:v', '1', '-c:v', 'libaom-av1', '-still-picture', '1', '-cpu-used', '8'],
      ...['-color_primaries', 'bt2020', '-color_trc', transfer, '-colorspace', 'bt2020nc'],
    ],
    'avif',
  );

export const pictures = (): CorpusFile[] => [
  picture('JPEG', 'image/jpeg', () => plain(320, 200).jpeg().toBuffer()),
  picture('JPEG, turned by its EXIF', 'image/jpeg', () =>
    plain(200, 320).jpeg().withMetadata({ orientation: 6 }).toBuffer(),
  ),
  picture('JPEG without its last two bytes', 'image/jpeg', async () =>
    (await plain(320, 200).jpeg().toBuffer()).subarray(0, -2),
  ),
  picture('JPEG of 50.3 megapixels', 'image/jpeg', () => plain(8_192, 6_144).jpeg().toBuffer(), {
    width: 8_192,
    height: 6_144,
  }),
  picture('JPEG of 108 megapixels', 'image/jpeg', () => plain(12_000, 9_000).jpeg().toBuffer(), {
    width: 12_000,
    height: 9_000,
  }),
  picture('JPEG in CMYK', 'image/jpeg', () => plain(320, 200).toColourspace('cmyk').jpeg().toBuffer()),
  picture('PNG', 'image/png', () => plain(320, 200).png().toBuffer()),
  picture('PNG with a palette', 'image/png', () => plain(320, 200).png({ palette: true }).toBuffer()),
  picture('PNG with 16 bits', 'image/png', () => plain(320, 200).toColourspace('rgb16').png().toBuffer()),
  picture('screenshot of 1080 × 6000', 'image/png', () => plain(1_080, 6_000).png().toBuffer(), {
    width: 1_080,
    height: 6_000,
  }),
  picture('WebP', 'image/webp', () => plain(320, 200).webp().toBuffer()),
  picture('AVIF', 'image/avif', () => plain(320, 200).avif({ effort: 0 }).toBuffer()),
  picture('AVIF, HDR by HLG', 'image/avif', () => bright('arib-std-b67')),
  picture('AVIF, HDR by PQ', 'image/avif', () => bright('smpte2084')),
  picture('TIFF', 'image/tiff', () => plain(320, 200).tiff().toBuffer()),
  picture('BMP', 'image/bmp', () => makeWithFfmpeg([...field('320x200'), '-frames:v', '1'], 'bmp')),
  picture('JPEG XL', 'image/jxl', () => makeWithFfmpeg([...field('320x200'), '-frames:v', '1'], 'jxl')),
  picture('icon', 'image/x-icon', () => makeWithFfmpeg([...field('64x64'), '-frames:v', '1'], 'ico'), {
    width: 64,
    height: 64,
  }),
  picture('JPEG declared video/mp4', 'video/mp4', () => plain(320, 200).jpeg().toBuffer()),
];

const animation = (name: string, filetype: string, args: string[], extension: string): CorpusFile => ({
  ...{ name, group: 'animations', filetype },
  make: () => makeWithFfmpeg(['-f', 'lavfi', '-i', 'testsrc=s=200x100:r=10:d=1', ...args], extension),
  expected: { state: 'ready', kind: 'image', width: 200, height: 100, frames: 10 },
});

export const animations = (): CorpusFile[] => [
  animation('GIF', 'image/gif', [], 'gif'),
  animation('WebP that moves', 'image/webp', ['-c:v', 'libwebp_anim', '-loop', '0'], 'webp'),
  animation('APNG', 'image/apng', ['-plays', '0', '-f', 'apng'], 'apng'),
  animation(
    'AVIF that moves',
    'image/avif',
    ['-pix_fmt', 'yuv420p', '-c:v', 'libaom-av1', '-cpu-used', '8'],
    'avif',
  ),
];
