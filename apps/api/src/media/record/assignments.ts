import { Prisma } from '@claimcheck/database/database';
import type { MediaColumns } from './media-row.ts';

/** JSON in a form that Postgres reads; JSON has no `bigint`. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));

/** Builds `SET` for any columns of `media_object`, with types from the table itself. */
export const assignments = (columns: Partial<MediaColumns>): Prisma.Sql => {
  const given = Object.entries(columns).filter(([, value]) => value !== undefined);
  const names = Prisma.raw(given.map(([name]) => name).join(', '));
  const values = toJson(Object.fromEntries(given));
  return Prisma.sql`(${names}) = (
    SELECT ${names} FROM jsonb_populate_record(NULL::media_object, ${values}::jsonb))`;
};
