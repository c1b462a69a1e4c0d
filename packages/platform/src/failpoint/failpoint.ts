import type { Logger } from '../process/logger.ts';
import type { FailpointName } from './failpoint-names.ts';
import type { FailpointAction, PlannedFailure } from './failpoint-plan.ts';

/**
 * Called at a point where a drill may make the process fail. Synchronous, so that nothing can happen between the point and
 * the failure. @throws FailpointError when an error is planned there
 */
export type Failpoint = (name: FailpointName) => void;

class FailpointError extends Error {
  constructor(name: FailpointName) {
    super(`failed on purpose at ${name}`);
    this.name = 'FailpointError';
  }
}

const nothing: Failpoint = () => {};

const ACTIONS: Record<FailpointAction, Failpoint> = {
  // No handler can soften these two: it is as if the machine had lost power, or stood still.
  kill: () => void process.kill(process.pid, 'SIGKILL'),
  pause: () => void process.kill(process.pid, 'SIGSTOP'),
  error: (name) => {
    throw new FailpointError(name);
  },
};

/**
 * Called by a process at its failpoints; does nothing when none is planned. A paused process resumes with SIGCONT.
 */
export const createFailpoint = (plan: readonly PlannedFailure[] | undefined, logger: Logger): Failpoint => {
  if (plan === undefined || plan.length === 0) return nothing;
  logger.error({ plan }, 'FAILPOINT is set: this process will fail on purpose. Never set it in production');
  const visits = new Map<FailpointName, number>();
  return (name) => {
    const visit = (visits.get(name) ?? 0) + 1;
    visits.set(name, visit);
    const planned = plan.find((entry) => entry.name === name && entry.nth === visit);
    if (planned === undefined) return;
    logger.warn({ failpoint: name, action: planned.action, visit }, 'failing on purpose');
    ACTIONS[planned.action](name);
  };
};
