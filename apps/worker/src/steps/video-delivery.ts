export interface VideoDelivery {
  /** `hls` instead of the mp4, or `both`; for long videos only, since short ones start sooner as mp4. */
  mode: 'mp4' | 'hls' | 'both';
  /** Length from which a video counts as long. Milliseconds. */
  hlsFromMs: number;
}

/** Returns the delivery of a video of this length. */
export const formsOf = (
  { mode, hlsFromMs }: VideoDelivery,
  durationSeconds: number,
): { mp4: boolean; hls: boolean } => {
  const hls = mode !== 'mp4' && durationSeconds * 1_000 >= hlsFromMs;
  return { hls, mp4: mode !== 'hls' || !hls };
};
