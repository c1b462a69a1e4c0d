import { z } from 'zod';
import { FAILPOINTS, type FailpointName } from './failpoint-names.ts';

const ACTIONS = ['kill', 'pause', 'error'] as const;
export type FailpointAction = (typeof ACTIONS)[number];

export interface PlannedFailure {
  name: FailpointName;
  action: FailpointAction;
  /** Fails when this process reaches the point for the n-th time, and only then. Starts at 1. */
  nth: number;
}

const ENTRY = /^([a-z._]+):([a-z]+)(?:@(\d{1,6}))?$/;

const parseEntry = (text: string): PlannedFailure | string => {
  const [, givenName, givenAction, nth = '1'] = ENTRY.exec(text) ?? [];
  if (givenName === undefined) return 'must be a list of name:action or name:action@n';
  const name = FAILPOINTS.find((known) => known === givenName);
  if (name === undefined) return `has no failpoint ${givenName}; there are ${FAILPOINTS.join(', ')}`;
  const action = ACTIONS.find((known) => known === givenAction);
  if (action === undefined) return `knows no action ${givenAction}; there are ${ACTIONS.join(', ')}`;
  if (Number(nth) < 1) return 'must count from 1 after the @';
  return { name, action, nth: Number(nth) };
};

/** `name:kill|pause|error[@n],…`: the planned failures of a drill. */
export const failpointPlan = z.string().transform((text, context): PlannedFailure[] => {
  const plan: PlannedFailure[] = [];
  for (const entry of text.split(',')) {
    const parsed = parseEntry(entry.trim());
    if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed });
    else plan.push(parsed);
  }
  return plan;
});

/** Variables of api and worker for planned failures. */
export const failpointVariables = {
  FAILPOINT: failpointPlan
    .optional()
    .describe(
      'Drills only: `name:kill|pause|error[@n],…` makes the process end, stop or fail when it reaches a named place for the n-th time.',
    ),
};
