import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeWithFfmpeg } from '../../harness/make-with-ffmpeg.ts';
import type { Seeded } from '../../harness/seeded.ts';
import type { CorpusFile } from './corpus-file.ts';

const RED = [219, 31, 30] as const;
const HDR_TRANSFERS = ['arib-std-b67', 'smpte2084'] as const;

/** One film: every property in which two senders may differ. */
interface FilmRecipe {
  container: string;
  video: readonly string[];
  sound: readonly string[] | undefined;
  subtitles?: string | undefined;
  turned?: 90 | 180 | 270 | undefined;
  hdr?: (typeof HDR_TRANSFERS)[number] | undefined;
  interlaced?: boolean;
}

const SECONDS = 2;
const WIDTH = 320;
const HEIGHT = 180;
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const X265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1'];

const brightFilter = (transfer: string): string =>
  `format=gbrp,zscale=min=gbr:tin=709:pin=709:rin=full:m=2020_ncl:t=${transfer}:p=2020:r=limited:npl=100,format=yuv420p10le`;

const videoArguments = ({ video, hdr, interlaced }: FilmRecipe): string[] => {
  if (hdr === undefined)
    return [...(interlaced === true ? ['-vf', 'interlace', '-flags', '+ilme+ildct'] : []), ...video];
  const colours = `log-level=none:colorprim=bt2020:transfer=${hdr}:colormatrix=bt2020nc`;
  return ['-vf', brightFilter(hdr), ...X265, '-x265-params', colours];
};

/** Makes the film of a recipe: red, two seconds, 320 × 180 before it is turned. */
const makeFilm = async (recipe: FilmRecipe): Promise<Buffer> => {
  const { container, sound, subtitles, turned } = recipe;
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-film-'));
  try {
    const text = join(folder, 'text.srt');
    await writeFile(text, '1\n00:00:00,000 --> 00:00:02,000\nHello\n');
    const sources = [
      ...['-f', 'lavfi', '-i', `color=c=0xDB1F1E:s=${WIDTH}x${HEIGHT}:r=25:d=${SECONDS}`],
      ...(sound === undefined ? [] : ['-f', 'lavfi', '-i', `sine=r=44100:d=${SECONDS}`]),
      ...(subtitles === undefined ? [] : ['-i', text]),
    ];
    const inputs = 1 + (sound === undefined ? 0 : 1) + (subtitles === undefined ? 0 : 1);
    const maps = Array.from({ length: inputs }, (_, index) => ['-map', String(index)]).flat();
    const film = await makeWithFfmpeg(
      [
        ...sources,
        ...maps,
        ...videoArguments(recipe),
        ...(sound ?? []),
        ...(subtitles === undefined ? [] : ['-c:s', subtitles]),
      ],
      container,
    );
    if (turned === undefined) return film;
    const upright = join(folder, `film.${container}`);
    await writeFile(upright, film);
    const matrix = ['-map', '0', '-c', 'copy', '-metadata:s:v:0', `rotate=${turned}`];
    return await makeWithFfmpeg(['-i', upright, ...matrix], container);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const expectedOf = ({ turned, sound }: FilmRecipe): CorpusFile['expected'] => {
  const isSideways = turned === 90 || turned === 270;
  return {
    ...{ state: 'ready', kind: 'video', duration: SECONDS * 1_000, colour: RED },
    ...(isSideways ? { width: HEIGHT, height: WIDTH } : { width: WIDTH, height: HEIGHT }),
    hasSound: sound !== undefined,
  };
};

const FILETYPES: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  mkv: 'video/x-matroska',
  webm: 'video/webm',
  avi: 'video/x-msvideo',
  ts: 'video/mp2t',
  wmv: 'video/x-ms-wmv',
  flv: 'video/x-flv',
  mpg: 'video/mpeg',
};

const filmOf = (name: string, recipe: FilmRecipe): CorpusFile => ({
  ...{ name, group: 'films', filetype: FILETYPES[recipe.container] ?? 'application/octet-stream' },
  make: () => makeFilm(recipe),
  expected: expectedOf(recipe),
});

const AAC = ['-c:a', 'aac'];
const MP3 = ['-c:a', 'libmp3lame'];

export const films = (): CorpusFile[] => [
  filmOf('mp4, H.264 and AAC', { container: 'mp4', video: X264, sound: AAC }),
  filmOf('mp4, silent', { container: 'mp4', video: X264, sound: undefined }),
  filmOf('mp4 with subtitles', { container: 'mp4', video: X264, sound: AAC, subtitles: 'mov_text' }),
  filmOf('mp4, turned by 90°', { container: 'mp4', video: X264, sound: AAC, turned: 90 }),
  filmOf('mp4, turned by 180°', { container: 'mp4', video: X264, sound: AAC, turned: 180 }),
  filmOf('mov, HDR by HLG', { container: 'mov', video: X265, sound: AAC, hdr: 'arib-std-b67' }),
  filmOf('mov, HDR by PQ', { container: 'mov', video: X265, sound: AAC, hdr: 'smpte2084' }),
  filmOf('mov, ProRes', { container: 'mov', video: ['-c:v', 'prores'], sound: ['-c:a', 'pcm_s24le'] }),
  filmOf('Matroska with SubRip', { container: 'mkv', video: X264, sound: AAC, subtitles: 'srt' }),
  filmOf('Matroska with ASS', { container: 'mkv', video: X264, sound: MP3, subtitles: 'ass' }),
  filmOf('WebM with WebVTT', {
    ...{ container: 'webm', video: ['-c:v', 'libvpx'], sound: ['-c:a', 'libopus'], subtitles: 'webvtt' },
  }),
  filmOf('AVI, H.264 with reordered frames', { container: 'avi', video: [...X264, '-bf', '3'], sound: MP3 }),
  filmOf('AVI, MJPEG', { container: 'avi', video: ['-c:v', 'mjpeg'], sound: ['-c:a', 'pcm_s16le'] }),
  filmOf('MPEG-TS', { container: 'ts', video: X264, sound: AAC }),
  filmOf('MPEG-2, interlaced', {
    ...{ container: 'mpg', video: ['-c:v', 'mpeg2video'], sound: ['-c:a', 'mp2'], interlaced: true },
  }),
  filmOf('Windows Media', { container: 'wmv', video: ['-c:v', 'wmv2'], sound: ['-c:a', 'wmav2'] }),
  filmOf('Flash', { container: 'flv', video: ['-c:v', 'flv'], sound: MP3 }),
];

const CONTAINERS: readonly {
  container: string;
  videos: readonly (readonly string[])[];
  sounds: readonly (readonly string[] | null)[];
  subtitles: readonly (string | null)[];
  /** The container stores a rotation, and HEVC. */
  isModern: boolean;
}[] = [
  {
    container: 'mp4',
    videos: [X264, ['-c:v', 'mpeg4'], [...X265, '-x265-params', 'log-level=none']],
    sounds: [null, AAC, MP3, ['-c:a', 'ac3'], ['-c:a', 'alac']],
    subtitles: [null, 'mov_text'],
    isModern: true,
  },
  {
    container: 'mov',
    videos: [X264, ['-c:v', 'mjpeg'], ['-c:v', 'qtrle'], ['-c:v', 'prores']],
    sounds: [null, AAC, ['-c:a', 'pcm_s16be'], ['-c:a', 'adpcm_ima_qt', '-ac', '2']],
    subtitles: [null, 'mov_text'],
    isModern: true,
  },
  {
    container: 'mkv',
    videos: [X264, ['-c:v', 'ffv1'], ['-c:v', 'mpeg2video'], ['-c:v', 'libvpx']],
    sounds: [null, AAC, ['-c:a', 'flac'], ['-c:a', 'libvorbis'], ['-c:a', 'ac3']],
    subtitles: [null, 'srt', 'ass'],
    isModern: false,
  },
  {
    container: 'avi',
    videos: [
      [...X264, '-bf', '2'],
      ['-c:v', 'mpeg4'],
      ['-c:v', 'huffyuv'],
      ['-c:v', 'msmpeg4v2'],
    ],
    sounds: [null, MP3, ['-c:a', 'pcm_s16le'], ['-c:a', 'adpcm_ms']],
    subtitles: [null],
    isModern: false,
  },
  {
    container: 'ts',
    videos: [X264, ['-c:v', 'mpeg2video']],
    sounds: [null, AAC, ['-c:a', 'mp2'], ['-c:a', 'ac3']],
    subtitles: [null],
    isModern: false,
  },
];

/** A random film: container × codecs × extra streams × rotation × HDR. */
export const randomFilm = (random: Seeded): CorpusFile => {
  const { container, videos, sounds, subtitles, isModern } = random.pick(CONTAINERS);
  const recipe: FilmRecipe = {
    container,
    video: random.pick(videos),
    sound: random.pick(sounds) ?? undefined,
    subtitles: random.pick(subtitles) ?? undefined,
    turned: (isModern ? random.pick([null, null, 90, 180, 270] as const) : null) ?? undefined,
    hdr: (isModern ? random.pick([null, null, ...HDR_TRANSFERS]) : null) ?? undefined,
  };
  return filmOf(JSON.stringify(recipe), recipe);
};
