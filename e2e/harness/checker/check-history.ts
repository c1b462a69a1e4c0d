import type { Aftermath } from './aftermath.ts';
import { checkEffects } from './check-effects.ts';
import { checkPayloads } from './check-payloads.ts';
import { checkResources } from './check-resources.ts';
import { checkSequences } from './check-sequences.ts';
import { checkSettled } from './check-settled.ts';
import { checkTombstones } from './check-tombstones.ts';
import type { History } from './history.ts';
import type { Violation } from './violation.ts';

/** Compares the clients' history with the final state. @returns every violation of the invariants A to F */
export const checkHistory = (history: History, aftermath: Aftermath): Violation[] => [
  ...checkSettled(history, aftermath),
  ...checkEffects(aftermath),
  ...checkTombstones(aftermath),
  ...checkSequences(history, aftermath),
  ...checkPayloads([...history.payloads, ...aftermath.payloads]),
  ...checkResources(aftermath.resources),
];
