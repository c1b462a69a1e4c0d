import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { MIB } from '@claimcheck/contracts/limits';
import sharp from 'sharp';
import { z } from 'zod';
import { Budget } from '../job/budget.ts';
import { MediaFailure } from '../job/media-failure.ts';
import { profileOfHeic, withProfile } from './icc-profile.ts';
import { decoded } from './open-image.ts';

/** The whole file is in memory, three times at worst. Phone photos have a tenth of this size. */
const MAX_FILE_BYTES = 64 * MIB;
const TIMEOUT_MS = 120_000;
const MAX_HEAP_MIB = 256;

/** Pixels of pictures decoded at the same time; each takes about 13 bytes. */
const PIXELS_AT_ONCE = 64_000_000;
const pixelsInWork = new Budget(PIXELS_AT_ONCE);

const pictureSchema = z.object({
  width: z.int().positive(),
  height: z.int().positive(),
  data: z.instanceof(Uint8ClampedArray),
});

/**
 * Writes a HEIC photo, upright, in its own colours, as a PNG. sharp's libvips has no decoder for HEVC, and ffmpeg joins a
 * phone's tiles only since version 7. libheif in WebAssembly works everywhere, and confines a hostile file to its own memory.
 * Large photos wait for each other.
 *
 * @param source a file whose header was checked: its number of pixels is within the limit
 * @throws MediaFailure `unreadable`, `too_many_pixels`, `processing_failed` (also when the file is too large);
 *   the signal's reason when aborted
 */
export const decodeHeic = async (
  source: string,
  target: string,
  { maxPixels, signal }: { maxPixels: number; signal: AbortSignal },
): Promise<void> => {
  const { size } = await stat(source);
  if (size > MAX_FILE_BYTES)
    throw new MediaFailure('processing_failed', {
      detail: `HEIC of ${size} bytes, more than ${MAX_FILE_BYTES}`,
    });
  const { width, height } = await decoded(() => sharp(source, { limitInputPixels: false }).metadata());
  await pixelsInWork.with(Math.min(width * height, PIXELS_AT_ONCE), signal, () =>
    decodeToPng(source, target, { maxPixels, signal }),
  );
};

const decodeToPng: typeof decodeHeic = async (source, target, { maxPixels, signal }) => {
  const bytes = await readFile(source);
  const profile = await decoded(() => profileOfHeic(source, bytes));
  const { width, height, data } = await decodeInThread({ bytes, maxPixels }, signal);
  const png = await decoded(() =>
    // The file is read again at once: speed matters, size does not.
    sharp(data, { raw: { width, height, channels: 4 } })
      .png({ compressionLevel: 1 })
      .toBuffer(),
  );
  // Not in `decoded`: a full disk is no fault of the file.
  await writeFile(target, profile === undefined ? png : await withProfile(png, profile));
};

const decodeInThread = async (
  workerData: { bytes: Buffer<ArrayBuffer>; maxPixels: number },
  signal: AbortSignal,
): Promise<z.infer<typeof pictureSchema>> => {
  signal.throwIfAborted();
  const thread = new Worker(new URL('./heic-thread.ts', import.meta.url), {
    workerData,
    // Transferred, not copied.
    transferList: [workerData.bytes.buffer],
    env: {},
    // The library's error describes the fault of a broken file.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await decoded(async () => {
      const [message] = await once(thread, 'message', { signal: AbortSignal.any([signal, timeout]) });
      return pictureSchema.parse(message);
    });
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) throw new MediaFailure('processing_failed', { detail: 'timeout' });
    throw error;
  } finally {
    await thread.terminate();
  }
};
