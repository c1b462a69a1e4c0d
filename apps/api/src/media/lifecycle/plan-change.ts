import { isTombstone, type Media } from '@claimcheck/contracts/media';
import type { CommittedFact } from '@claimcheck/database/database';
import { NOTHING_USED, type Usage } from '../quota/user-usage.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { Derivative, MediaColumns, MediaRow } from '../record/media-row.ts';
import { toMedia } from '../record/media-view.ts';
import { milestonesOf } from '../record/milestones.ts';
import { toRequest } from '../record/optimize-request.ts';
import type { OutboxMessage } from '../record/outbox.ts';
import { mayBecome } from '../record/transitions.ts';
import { type PrefixSweep, sweepsOfEpochs, sweepsOfWhole } from './prefix-sweeps.ts';

type Fixed =
  | 'media_object_id'
  | 'rev'
  | 'owner_user_id'
  | 'object_storage_key'
  | 's3_bucket'
  | 'data'
  | 'created_at'
  | 'updated_at';

/** Columns of a media object that a change sets; identity, `rev` and times are not among them. */
export type MediaChange = Partial<Omit<MediaColumns, Fixed>> & {
  /** Derivatives that the change adds; each replaces the one of its epoch and quality. `none` removes all. */
  derivatives?: readonly Derivative[] | 'none';
};

/** Everything that one change of a media object writes, as data. Executors write it, and decide nothing. */
export interface MediaPlan {
  media_object_id: string;
  /** The revision from which the plan was made; a row at any other is left unchanged. */
  rev_before: number;
  /** The media object afterwards. */
  row: MediaRow;
  /** Columns that differ from the row before, `rev` and `updated_at` included. */
  columns: Partial<Omit<MediaColumns, 'data'>>;
  /** Derivatives to insert or replace. */
  written: readonly Derivative[];
  /** Derivatives to delete: all, or those of earlier epochs than this one. */
  removed: 'all' | { before_epoch: number } | undefined;
  /** For the outbox, in this order. */
  messages: readonly OutboxMessage[];
  /** Announced after the commit. */
  facts: readonly CommittedFact[];
  /** Usage of its upload from now on; undefined: unchanged. */
  usage: Usage | undefined;
  sweeps: readonly PrefixSweep[];
  /** The payload of `media.updated` in conversations that refer to it. */
  media: Media;
}

export class IllegalTransition extends Error {
  constructor(from: string, to: string) {
    super(`a media object that is ${from} cannot become ${to}`);
    this.name = 'IllegalTransition';
  }
}

const withAdded = (before: readonly Derivative[], added: readonly Derivative[]): Derivative[] => {
  const idOf = ({ epoch, quality }: Derivative) => `${epoch} ${quality}`;
  return [...new Map([...before, ...added].map((derivative) => [idOf(derivative), derivative])).values()];
};

/** A newer epoch replaces older ones when it is complete: it is `ready`, and has each of their qualities. */
const supersedes = ({ state, applied_epoch, derivatives }: MediaRow): boolean => {
  if (state !== 'ready' || applied_epoch < 2) return false;
  const older = derivatives.filter(({ epoch }) => epoch < applied_epoch);
  const current = new Set(derivatives.flatMap((one) => (one.epoch === applied_epoch ? [one.quality] : [])));
  return older.length > 0 && older.every(({ quality }) => current.has(quality));
};

/** Lists the facts for hosts; then the upload's end and requests to workers, if this change causes them. */
const messagesOf = (settings: DomainConfig, before: MediaRow, row: MediaRow): OutboxMessage[] => {
  const { subjects } = settings;
  const media = { media: toMedia(row, settings.publicUrl) };
  const isUploaded = before.upload_state !== 'uploaded' && row.upload_state === 'uploaded';
  const isAsked = row.epoch > before.epoch && row.size_bytes > 0n;
  const wantsTranscode = before.transcode_state !== 'pending' && row.transcode_state === 'pending';
  const request = () => toRequest(row, settings);
  // The end of the upload is also a change of state, which `media.uploaded` reports.
  const isTold = settings.facts !== 'states' || (before.state !== row.state && !isUploaded);
  const facts = [
    ...(isTold ? [{ subject: subjects.mediaUpdated, payload: media }] : []),
    ...(isUploaded ? [{ subject: subjects.mediaUploaded, payload: media }] : []),
  ];
  return [
    ...(settings.facts === 'off' ? [] : facts),
    ...(isAsked ? [{ subject: subjects.optimizeRequest, payload: request() }] : []),
    ...(wantsTranscode ? [{ subject: subjects.transcodeRequest, payload: request() }] : []),
  ];
};

/** An upload counts for its bytes when it succeeds, and for nothing when it or its media object is gone. */
const usageOf = (before: MediaRow, row: MediaRow, isGone: boolean): Usage | undefined => {
  if (isGone) return NOTHING_USED;
  const isFinished = before.upload_state !== 'uploaded' && row.upload_state === 'uploaded';
  return isFinished ? { bytes: Number(row.size_bytes), is_open: false } : undefined;
};

/**
 * Plans one change of a media object: the row afterwards and all of its consequences. Pure; the only place that knows the
 * consequences of a change.
 *
 * @param current under its lock, or with its revision checked by the write
 * @throws IllegalTransition when the transition is not in the table: a bug of the caller
 */
export const planChange = (
  settings: DomainConfig,
  current: MediaRow,
  { derivatives = [], ...change }: MediaChange,
  now: Date,
): MediaPlan => {
  if (change.state !== undefined && !mayBecome(current.state, change.state))
    throw new IllegalTransition(current.state, change.state);
  const columns = { ...change, rev: current.rev + 1, updated_at: now };
  const added = derivatives === 'none' ? [] : derivatives;
  const all = derivatives === 'none' ? [] : withAdded(current.derivatives, added);
  const changed: MediaRow = { ...current, ...columns, derivatives: all };
  const { media_object_id, applied_epoch } = changed;
  const isDropping = supersedes(changed);
  const row = isDropping
    ? { ...changed, derivatives: all.filter(({ epoch }) => epoch >= applied_epoch) }
    : changed;
  const isGone =
    isTombstone(row.state) || (current.upload_state !== 'failed' && row.upload_state === 'failed');
  const epochs = isDropping ? sweepsOfEpochs(settings, media_object_id, applied_epoch, now) : [];
  return {
    media_object_id,
    rev_before: current.rev,
    row,
    columns,
    written: added,
    removed: derivatives === 'none' ? 'all' : isDropping ? { before_epoch: applied_epoch } : undefined,
    messages: messagesOf(settings, current, row),
    facts: [
      { fact: 'media_changed', media_object_id, rev: row.rev },
      ...milestonesOf(current, row, settings.readyDeadlineMs),
    ],
    usage: usageOf(current, row, isGone),
    sweeps: isGone ? sweepsOfWhole(settings, media_object_id, now) : epochs,
    media: toMedia(row, settings.publicUrl),
  };
};

/** Joins two changes that are written as one: both keep their messages, and only the last row is stored. */
export const chainPlans = (first: MediaPlan, second: MediaPlan): MediaPlan => ({
  ...second,
  rev_before: first.rev_before,
  columns: { ...first.columns, ...second.columns },
  written: [...first.written, ...second.written],
  removed: second.removed ?? first.removed,
  messages: [...first.messages, ...second.messages],
  facts: [...first.facts.filter(({ fact }) => fact !== 'media_changed'), ...second.facts],
  usage: second.usage ?? first.usage,
  sweeps: [...first.sweeps, ...second.sweeps],
});
