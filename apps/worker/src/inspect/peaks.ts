/** The middle of unsigned 8-bit samples: silence. */
const SILENCE = 128;
/** Below this distance from silence, a sound is its recorder's noise, and is not amplified. */
const LEAST_PEAK = 4;

/**
 * Returns the loudest moments of a sound in equal parts of its length, 0 to 100, where 100 is its loudest. Keeps one piece of
 * the sound in memory.
 *
 * @param pieces of samples, unsigned, 8 bits each
 * @param options.samples in all pieces
 * @param options.count largest number of peaks
 */
export const peaksOf = async (
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { samples, count }: { samples: number; count: number },
): Promise<number[]> => {
  const peaks = Array.from({ length: Math.min(count, samples) }, () => 0);
  const endOf = (part: number) => Math.floor(((part + 1) * samples) / peaks.length);
  let part = 0;
  let position = 0;
  for await (const piece of pieces)
    for (const sample of piece) {
      if (position === endOf(part)) part += 1;
      peaks[part] = Math.max(peaks[part] ?? 0, Math.abs(sample - SILENCE));
      position += 1;
    }
  const loudest = Math.max(LEAST_PEAK, ...peaks);
  return peaks.map((peak) => Math.round((peak / loudest) * 100));
};
