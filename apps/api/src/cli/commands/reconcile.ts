import { Database } from '@claimcheck/database/database';
import { duration, readConfig } from '@claimcheck/platform/process/config';
import { databaseVariables } from '@claimcheck/platform/process/database-variables';
import { Storage } from '@claimcheck/platform/s3/storage';
import { storageVariables, toStorageOptions } from '@claimcheck/platform/s3/storage-variables';
import { z } from 'zod';
import type { Finding } from '../../reconcile/compare.ts';
import { type Reconciliation, reconcile } from '../../reconcile/reconcile.ts';
import { type Command, type CommandInput, type OptionValue, UsageError } from '../command.ts';

const POOL_SIZE = 2;

const readGrace = (value: OptionValue): number => {
  const grace = duration.safeParse(value);
  if (!grace.success) throw new UsageError('--grace wants a duration such as 24h');
  return grace.data;
};

const toLine = (finding: Finding): string => {
  if (finding.finding === 'orphan')
    return `orphan   ${finding.key}  ${finding.size_bytes} bytes  ${finding.last_modified.toISOString()}`;
  if (finding.finding === 'missing')
    return `MISSING  ${finding.key}  ${finding.is_referenced ? 'referenced' : 'not referenced'}`;
  return `${finding.finding}  ${finding.key}`;
};

const summarise = (counts: Reconciliation, apply: boolean): string[] => [
  `${counts.objects} objects, ${counts.orphan_objects} that no row knows (${counts.orphan_bytes} bytes), ${counts.young_objects} too young to judge, ${counts.foreign_objects} not ours`,
  apply ? `${counts.deleted_objects} deleted` : 'nothing deleted: this was a dry run, see --apply',
  counts.missing_referenced > 0
    ? `ALARM: ${counts.missing_referenced} objects of referenced media are missing: restore them from a backup`
    : `${counts.missing_objects} objects are missing, none of referenced media`,
];

const run = async ({ env, json, options, print, audit }: CommandInput): Promise<number> => {
  const graceMs = readGrace(options.grace);
  const apply = options.apply === true;
  const read = readConfig(z.object({ ...storageVariables, ...databaseVariables }), env);
  const database = new Database({ url: read.DATABASE_URL, poolSize: POOL_SIZE });
  const storage = new Storage(toStorageOptions(read));
  try {
    // Each line is printed as it arrives: there may be millions.
    const onFinding = (finding: Finding) => print(json ? JSON.stringify(finding) : toLine(finding));
    const onDeleted = (key: string) => audit({ s3_bucket: storage.bucket, key });
    const counts = await reconcile({ database, storage, graceMs, apply, onFinding, onDeleted });
    if (json) print(JSON.stringify({ summary: counts }));
    else for (const line of summarise(counts, apply)) print(line);
    return counts.missing_referenced > 0 ? 1 : 0;
  } finally {
    storage.close();
    await database.close();
  }
};

export const reconcileCommand: Command = {
  name: 'reconcile',
  summary: 'compare the bucket with the database, in both directions; a dry run unless told otherwise',
  isAudited: true,
  options: { apply: { type: 'boolean' }, grace: { type: 'string', default: '24h' } },
  optionHelp: [
    '--apply               delete objects that no row knows',
    '--grace <duration>    leave those alone that are younger (default 24h)',
    'With --json: one document a line, a line a finding, the summary last.',
    'Exit code 1 when an object of referenced media is missing.',
  ],
  run,
};
