export interface VideoDelivery {
  /** `hls` in place of the mp4, `both` beside it; for long videos only, short ones play sooner as mp4. */
  mode: 'mp4' | 'hls' | 'both';
  /** From this length on a video is long. Milliseconds. */
  hlsFromMs: number;
}

/** What a video of this length is delivered as. */
export const formsOf = (
  { mode, hlsFromMs }: VideoDelivery,
  durationSeconds: number,
): { mp4: boolean; hls: boolean } => {
  const hls = mode !== 'mp4' && durationSeconds * 1_000 >= hlsFromMs;
  return { hls, mp4: mode !== 'hls' || !hls };
};
