import type { z } from 'zod';
import { ProblemError } from '../../problem-error.ts';

/** Returns a position in a list in the form for clients, which send it back unchanged. */
export const toCursor = (place: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(place)).toString('base64url');

/** Reads a position in a list. @throws ProblemError `invalid_request` for anything but a position in this list */
export const readCursor = <Place>(
  schema: z.ZodType<Place>,
  cursor: string | undefined,
): Place | undefined => {
  if (cursor === undefined) return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (parsed.success) return parsed.data;
  } catch {
    // Not JSON: refused below.
  }
  throw new ProblemError('invalid_request', {
    field: 'before',
    detail: 'before: must be the `next` of an earlier page of this list',
  });
};

/** Splits the rows, one more than requested, into the page and the position of the next page. */
export const toPage = <Row>(
  rows: readonly Row[],
  limit: number,
  placeOf: (row: Row) => readonly unknown[],
): { page: Row[]; next: string | undefined } => {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last !== undefined ? toCursor(placeOf(last)) : undefined };
};
