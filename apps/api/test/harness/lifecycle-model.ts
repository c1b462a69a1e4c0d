import { isTombstone, type MediaState } from '@claimcheck/contracts/media';
import { TRANSITIONS } from '../../src/media/record/transitions.ts';

export type Stage = 'preview' | 'scan' | 'final';

/** What a test knows about one media object without asking the database. */
export interface ModelMedia {
  id: string;
  state: MediaState;
  epoch: number;
  rev: number;
  /** Conversation by message id. */
  messages: Map<string, string>;
  /** `epoch:stage` of results that took effect. */
  applied: Set<string>;
  hasVerdict: boolean;
}

export interface Model {
  media: ModelMedia[];
  /** How far the test's clock is ahead of the real one, in milliseconds. */
  clockMs: number;
}

/** Asserts that a row may look like this after a step, given the row before. */
export const assertLawful = (
  before: ModelMedia,
  after: { state: MediaState; epoch: number; rev: number },
  may: readonly MediaState[],
): void => {
  const { state } = before;
  const moved = after.state !== state;
  if (moved && isTombstone(state)) throw new Error(`${state} was left for ${after.state}`);
  if (moved && !reachable(state).has(after.state)) throw new Error(`${state} became ${after.state}`);
  if (moved && !may.includes(after.state))
    throw new Error(`${state} became ${after.state}, of ${may.join(', ')}`);
  if (moved && after.rev <= before.rev) throw new Error('a change without a new rev');
  if (after.rev < before.rev || after.epoch < before.epoch) throw new Error('rev or epoch went back');
};

/** One call may take two steps of the table: an empty file is processing for no time at all. */
const reachable = (state: MediaState): Set<MediaState> =>
  new Set([...TRANSITIONS[state], ...TRANSITIONS[state].flatMap((next) => [...TRANSITIONS[next]])]);
