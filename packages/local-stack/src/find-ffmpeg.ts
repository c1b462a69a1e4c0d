import { ensureSystemPackage } from './ensure-system-package.ts';
import { configured } from './environment.ts';
import type { FindOptions } from './find-program.ts';

/** Variables of a worker on a machine without ffmpeg: photos work, videos are delivered as files. */
export const WITHOUT_FFMPEG = { FFMPEG_PATH: 'none', LANES: 'media' } as const;

/**
 * Finds ffmpeg, and installs it if this process may.
 * @returns the reason, as a note for the start-up banner, if there is none
 */
export const findFfmpeg = async (options: FindOptions): Promise<string | undefined> => {
  if (configured(options.env, 'FFMPEG_PATH') !== undefined) return undefined;
  try {
    await ensureSystemPackage({
      programs: ['ffmpeg'],
      aptPackage: 'ffmpeg',
      purpose: 'videos and audio',
      ...options,
    });
    return undefined;
  } catch (error) {
    options.signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return `Photos work, videos are delivered as files: ${reason}`;
  }
};
