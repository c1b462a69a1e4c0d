/** One line of the doctor. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
  /** What to do, where it is not ok. */
  fix?: string;
}
