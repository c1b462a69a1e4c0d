/** A to F as in the table of drills. */
type Invariant = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';

export interface Violation {
  invariant: Invariant;
  what: string;
}
