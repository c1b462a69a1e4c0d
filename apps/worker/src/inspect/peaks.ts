/** The middle of unsigned 8-bit samples: silence. */
const SILENCE = 128;
/** Below this distance from silence, a sound is its recorder's noise, and is not amplified. */
const LEAST_PEAK = 4;

/**
 * Returns the loudest moments of a sound in equal parts of its length, 0 to 100, where 100 is its loudest.
 *
 * @param samples unsigned, 8 bits each
 * @param count largest number of peaks
 */
export const peaksOf = (samples: Uint8Array, count: number): number[] => {
  const parts = Math.min(count, samples.length);
  const peaks = Array.from({ length: parts }, (_, part) => {
    const from = Math.floor((part * samples.length) / parts);
    const to = Math.floor(((part + 1) * samples.length) / parts);
    let peak = 0;
    for (let index = from; index < to; index += 1)
      peak = Math.max(peak, Math.abs((samples[index] ?? SILENCE) - SILENCE));
    return peak;
  });
  const loudest = Math.max(LEAST_PEAK, ...peaks);
  return peaks.map((peak) => Math.round((peak / loudest) * 100));
};
