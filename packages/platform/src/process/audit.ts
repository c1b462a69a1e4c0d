import type { Logger } from './logger.ts';

/** One action that removes, reveals or changes what belongs to another person. */
export interface AuditEntry {
  /** The backend's subject, the operator, or what else caused the action. */
  actor: string;
  /** A command, or method and route of a request. */
  action: string;
  /** Ids that say what the action was about. */
  object: Record<string, unknown>;
  /** As the actor gave it; empty without one. */
  reason: string;
  /** Status of the answer, for a request. */
  status?: number;
  request_id?: string | undefined;
}

/** Writes the action's line, whichever `LOG_LEVEL` is set; only `silent` silences it. */
export const writeAudit = (logger: Logger, entry: AuditEntry): void => {
  const level = logger.level === 'silent' ? 'silent' : 'info';
  logger.child({}, { level }).info({ audit: true, ...entry }, 'audit');
};
