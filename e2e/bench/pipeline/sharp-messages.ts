/** The order for the yardstick. */
export interface SharpTask {
  /** A photo's file. */
  path: string;
  /** How often all outputs are made. */
  photos: number;
  /** Photos at once. */
  at_once: number;
  /** sharp's threads inside each photo. */
  threads: number;
}

export interface SharpFigures {
  /** For each photo, the time to its thumbnail and to all of its outputs. */
  thumbnail_ms: number[];
  all_ms: number[];
  /** CPU time, user and system, of all photos together. */
  cpu_seconds: number;
}
