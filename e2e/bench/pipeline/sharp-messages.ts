/** What the yardstick is asked to do. */
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
  /** Of each photo: until its thumbnail, and until all of its outputs, were there. */
  thumbnail_ms: number[];
  all_ms: number[];
  /** CPU time, user and system, of all photos together. */
  cpu_seconds: number;
}
