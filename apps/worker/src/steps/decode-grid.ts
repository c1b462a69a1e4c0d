import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB } from '@claimcheck/contracts/limits';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { type HeicGrid, readHeicGrid } from '../images/heic-grid.ts';
import { profileOfPrimaries, withProfile } from '../images/icc-profile.ts';
import { type ImageFile, JPEG_ALLOWANCE } from '../images/open-image.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';

const TILES_FILE = 'tiles.hevc';
const GRID_FILE = 'grid.png';
const TIMEOUT_MS = 120_000;
/** The file is in memory as a whole. */
const MAX_FILE_BYTES = 64 * MIB;
/** Several tiles may name the same bytes. */
const MAX_TILE_BYTES = 128 * MIB;
/** Longest edge that the largest quality needs. */
const LEAST_EDGE = 2_560;

/**
 * Decodes a HEIC photo that is too large to decode as a whole, tile by tile, at a fraction of its size.
 *
 * @returns undefined if it has no tiles, or is too large for that too
 * @throws MediaFailure
 */
export const decodeGrid = async (
  job: Job,
  path: string,
  { ffmpeg, maxPixels }: { ffmpeg: Ffmpeg; maxPixels: number },
): Promise<ImageFile | undefined> => {
  if ((await stat(path)).size > MAX_FILE_BYTES) return undefined;
  const grid = await readGrid(path);
  if (grid === undefined) return undefined;
  const { width, height, tile } = grid;
  const pixels = grid.columns * tile.width * grid.rows * tile.height;
  const reduction = [8, 4, 2, 1].find((by) => fits(grid, by)) ?? 1;
  // As much larger as a JPEG may be, which is decoded at a fraction of its size too.
  if (pixels > maxPixels * JPEG_ALLOWANCE || pixels / reduction ** 2 > maxPixels) return undefined;
  await writeTiles(join(job.folder, TILES_FILE), grid);
  await ffmpeg.convert(
    { folder: job.folder, file: TILES_FILE, demuxer: 'hevc' },
    {
      signal: job.signal,
      timeoutMs: TIMEOUT_MS,
      maxFileBytes: job.diskBytes,
      output: [
        ...['-vf', joinTiles(grid, reduction).join(','), '-frames:v', '1'],
        ...['-c:v', 'png', '-f', 'image2', '-update', '1', GRID_FILE],
      ],
    },
  );
  const target = join(job.folder, GRID_FILE);
  const profile = grid.profile ?? (await profileOfPrimaries(grid.colours?.primaries));
  if (profile !== undefined) await writeFile(target, await withProfile(await readFile(target), profile));
  const isSideways =
    grid.transforms.filter(({ type, value }) => type === 'irot' && value % 2 === 1).length % 2 === 1;
  const upright = isSideways ? { width: height, height: width } : { width, height };
  return { path: target, image: { ...upright, frames: 1, maxPixels, failOn: 'error', isHevc: false } };
};

const readGrid = async (path: string): Promise<HeicGrid | undefined> => {
  try {
    return readHeicGrid(await readFile(path));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/** Tiles stay whole, and the picture large enough for every quality. */
const fits = ({ width, height, tile }: HeicGrid, reduction: number): boolean =>
  tile.width % reduction === 0 &&
  tile.height % reduction === 0 &&
  Math.max(width, height) / reduction >= LEAST_EDGE;

const writeTiles = async (path: string, grid: HeicGrid): Promise<void> => {
  const file = await open(path, 'w');
  let written = 0;
  try {
    for (const tile of grid.tiles()) {
      written += tile.length;
      if (written > MAX_TILE_BYTES)
        throw new MediaFailure('processing_failed', { detail: 'too many bytes of tiles' });
      await file.write(tile);
    }
  } catch (error) {
    throw error instanceof RangeError ? new MediaFailure('unreadable', { detail: error.message }) : error;
  } finally {
    await file.close();
  }
};

/** Names of ffmpeg by number of the matrix. */
const MATRICES: Readonly<Record<number, string>> = { 1: 'bt709', 5: 'bt601', 6: 'bt601', 9: 'bt2020' };

const readColours = (colours: HeicGrid['colours']): string => {
  if (colours === undefined) return '';
  const matrix = MATRICES[colours.matrix];
  return `:in_range=${colours.isFullRange ? 'full' : 'tv'}${matrix === undefined ? '' : `:in_color_matrix=${matrix}`}`;
};

const TURNS = [[], ['transpose=cclock'], ['hflip', 'vflip'], ['transpose=clock']];

/** Returns filters that put all tiles into one upright picture. */
const joinTiles = (
  { width, height, tile, columns, rows, transforms, colours }: HeicGrid,
  reduction: number,
): string[] => [
  `scale=${tile.width / reduction}:${tile.height / reduction}:flags=area${readColours(colours)}`,
  'format=rgb24',
  `tile=${columns}x${rows}`,
  `crop=${Math.floor(width / reduction)}:${Math.floor(height / reduction)}:0:0`,
  ...transforms.flatMap(({ type, value }) =>
    type === 'irot' ? (TURNS[value] ?? []) : [value === 0 ? 'vflip' : 'hflip'],
  ),
];
