import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '@claimcheck/database/database';
import { FIRST_ID } from '@claimcheck/database/first-id';
import { duration } from '@claimcheck/platform/process/config';
import type { DomainConfig } from '../../media/record/domain-config.ts';
import {
  databaseTime,
  listRescannable,
  requestRescan,
  rescanProgress,
} from '../../media/results/rescan-requests.ts';
import { type Command, type CommandInput, UsageError } from '../command.ts';
import { withOperator } from '../operator.ts';

/** Number of requests with workers at the same time: new uploads wait behind no more than these. */
const BATCH = 16;
/** After this many batches in a row without an answer, workers will not answer the next ones either. */
const SILENT_BATCHES = 3;
const POLL_MS = 250;
interface Counts {
  clean_or_unscannable: number;
  blocked: number;
  unanswered: number;
}

const readSince = (value: unknown): Date | undefined => {
  if (value === undefined) return undefined;
  const since = new Date(String(value));
  if (Number.isNaN(since.getTime()))
    throw new UsageError('--since wants a time such as 2026-11-20T12:00:00Z');
  return since;
};

const readTimeout = (value: unknown): number => {
  const timeout = duration.safeParse(value);
  if (!timeout.success) throw new UsageError('--timeout wants a duration such as 10m');
  return timeout.data;
};

const scanBatch = async (
  database: Database,
  settings: DomainConfig,
  ids: readonly string[],
  { since, timeoutMs }: { since: Date; timeoutMs: number },
): Promise<Counts> => {
  await database.transaction((tx) => requestRescan(tx, settings, ids));
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { blocked, judged, open } = await rescanProgress(database, since, ids);
    if (open.length === 0 || performance.now() > deadline)
      return { clean_or_unscannable: judged, blocked, unanswered: open.length };
    await pause(POLL_MS);
  }
};

const run = async ({ env, json, options, print, audit }: CommandInput): Promise<number> => {
  const given = readSince(options.since);
  const timeoutMs = readTimeout(options.timeout);
  const total: Counts = { clean_or_unscannable: 0, blocked: 0, unanswered: 0 };
  const since = await withOperator(env, async ({ database, settings }) => {
    const begin = given ?? (await databaseTime(database));
    audit({ since: begin.toISOString() });
    if (!json) print(`to resume after an interruption: rescan --since ${begin.toISOString()}`);
    let silent = 0;
    for (let after = FIRST_ID; ; ) {
      const page = await listRescannable(database, begin, after, BATCH);
      const last = page.at(-1);
      if (last === undefined) return begin;
      after = last.media_object_id;
      // The same bytes are scanned once, for all their owners.
      const distinct = new Map(
        page.map((item) => [item.sha256 ?? item.media_object_id, item.media_object_id]),
      );
      const counts = await scanBatch(database, settings, [...distinct.values()], { since: begin, timeoutMs });
      total.clean_or_unscannable += counts.clean_or_unscannable;
      total.blocked += counts.blocked;
      total.unanswered += counts.unanswered;
      if (!json) print(`up to ${after}: ${JSON.stringify(total)}`);
      silent = counts.unanswered === distinct.size ? silent + 1 : 0;
      if (silent === SILENT_BATCHES) return begin;
    }
  });
  if (json) print(JSON.stringify({ since: since.toISOString(), ...total }));
  if (total.unanswered > 0 && !json)
    print(`${total.unanswered} without an answer: is a worker with a scanner (CLAMAV_HOST) running?`);
  return total.unanswered > 0 ? 1 : 0;
};

export const rescanCommand: Command = {
  name: 'rescan',
  summary: 'scan stored sources again, after new signatures; what is infected is blocked',
  isAudited: true,
  options: { since: { type: 'string' }, timeout: { type: 'string', default: '10m' } },
  optionHelp: [
    '--since <time>        leave out what was scanned since then, to resume an earlier run (default: now)',
    '--timeout <duration>  how long the workers may take for sixteen files (default 10m)',
    'Exit code 1 when a source got no verdict.',
  ],
  run,
};
