/**
 * Points at which a drill may make a process fail (`FAILPOINT`, see failpoint-plan.ts). The part before the dot names the
 * process. The names are part of the configuration, and stay the same.
 */
export const FAILPOINTS = [
  /** All bytes are stored or in memory; the Complete, or the single PUT, is next. */
  'upload.before_complete',
  /** The object is whole in the storage; the database does not know yet. */
  'upload.after_complete',
  /** The database knows; nothing is published, and the client has no answer. */
  'upload.after_commit',
  /** A multipart upload is open; no row has its id. */
  'upload.after_open',
  /** A part or tail is stored; its row is not. */
  'upload.before_progress',
  /** The row is committed; the tails that it replaces are not deleted. */
  'upload.after_progress',
  /** The parts of a direct upload are joined; the database does not know yet. */
  'direct.after_complete',
  /** Outbox messages are claimed; none is published. */
  'relay.before_publish',
  /** The broker has confirmed; the outbox does not know. */
  'relay.before_mark',
  /** A result is about to be applied. */
  'results.before_commit',
  /** A result is applied; the broker does not know. */
  'results.before_ack',
  /** ffmpeg has reported progress. */
  'worker.during_ffmpeg',
  /** A derivative is ready; its PUT is next. */
  'worker.before_put',
  /** All derivatives are stored; the final response is next. */
  'worker.after_put',
  /** The responses are confirmed; the request is not acked. */
  'worker.before_ack',
] as const;

export type FailpointName = (typeof FAILPOINTS)[number];
