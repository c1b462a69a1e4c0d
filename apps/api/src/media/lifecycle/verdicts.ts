import { type Executor, Prisma, type Transaction } from '@claimcheck/database/database';
import type { Reader } from '../record/media-row.ts';

/** A scanner's verdict on bytes, whichever media objects have them. */
export interface Verdict {
  /** Lower-case hexadecimal. */
  sha256: string;
  /** Engine and signatures; undefined when the worker does not say. */
  scanner: string | undefined;
  code: 'clean' | 'infected' | 'unscannable';
  virus_name?: string | undefined;
}

const UNNAMED_SCANNER = 'unknown';
const SHA256 = /^[0-9a-f]{64}$/i;

/** Returns the hash in stored form; undefined for any other text: a worker is not trusted to send a hash. */
export const toSha256 = (text: string | null | undefined): string | undefined =>
  text !== null && text !== undefined && SHA256.test(text) ? text.toLowerCase() : undefined;

/**
 * Builds the statement that stores a verdict, in place of an earlier one of the same scanner.
 *
 * @param when the name of an expression of the same statement: it stores nothing unless that has a row
 */
export const insertVerdict = (verdict: Verdict, when?: Prisma.Sql): Prisma.Sql => {
  const { sha256, scanner = UNNAMED_SCANNER, code, virus_name = null } = verdict;
  // The database's clock: a rescan compares these times with its own start.
  return Prisma.sql`
    INSERT INTO verdict (sha256, scanner, code, virus_name, judged_at)
    SELECT ${sha256}, ${scanner}, ${code}::scan_state, ${virus_name}, clock_timestamp()
    ${when === undefined ? Prisma.empty : Prisma.sql`FROM ${when}`}
    ON CONFLICT (sha256, scanner) DO UPDATE
      SET code = excluded.code, virus_name = excluded.virus_name, judged_at = excluded.judged_at`;
};

export const recordVerdict = async (on: Pick<Executor, 'query'>, verdict: Verdict): Promise<void> => {
  await on.query(insertVerdict(verdict));
};

/** Returns the virus that the latest verdict found in these bytes, whichever engine found it. */
export const findKnownVirus = async (on: Reader, sha256: string): Promise<string | undefined> => {
  const [latest] = await on.query<{ code: string; virus_name: string | null }>(Prisma.sql`
    SELECT code, virus_name FROM verdict WHERE sha256 = ${sha256} ORDER BY judged_at DESC LIMIT 1`);
  return latest?.code === 'infected' ? (latest.virus_name ?? 'unnamed') : undefined;
};

/** Deletes the verdicts on these bytes: a false alarm no longer blocks them. @returns the number of verdicts */
export const forgetVerdicts = async (tx: Transaction, sha256: string): Promise<number> => {
  const gone = await tx.query(Prisma.sql`DELETE FROM verdict WHERE sha256 = ${sha256} RETURNING scanner`);
  return gone.length;
};
