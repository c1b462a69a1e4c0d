/** What a message can show before any byte is sent. */
export interface Placeholder {
  /** Pixels, upright. */
  width: number;
  /** Pixels, upright. */
  height: number;
  durationMs?: number | undefined;
  /** Base64. */
  thumbhash?: string | undefined;
}
