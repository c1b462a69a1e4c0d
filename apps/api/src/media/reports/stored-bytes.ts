import type { Database } from '@claimcheck/database/database';

type Client = Pick<Database, 'client'>;

/** Bytes of sources, with what open uploads reserve, from the users' sums. */
export const sumSourceBytes = async ({ client }: Client): Promise<number> => {
  const [sum] = await client.$queryRaw<{ bytes: number }[]>`
    SELECT coalesce(sum(bytes), 0)::float8 AS bytes FROM user_usage`;
  return sum?.bytes ?? 0;
};

export interface DerivativeBytes {
  bytes: number;
  /** Where the next page begins; undefined: this was the last. */
  next: string | undefined;
}

/** Bytes of the derivatives of the next media objects after `after`: one sum over all would take minutes. */
export const sumDerivativeBytes = async (
  { client }: Client,
  after: string,
  limit: number,
): Promise<DerivativeBytes> => {
  const [page] = await client.$queryRaw<{ bytes: number; count: number; last: string | null }[]>`
    WITH page AS (
      SELECT media_object_id FROM media_object WHERE media_object_id > ${after}::uuid
      ORDER BY media_object_id LIMIT ${limit})
    SELECT coalesce(sum(size_bytes), 0)::float8 AS bytes, (SELECT count(*)::int FROM page) AS count,
      (SELECT media_object_id FROM page ORDER BY media_object_id DESC LIMIT 1) AS last
    FROM page JOIN derivative USING (media_object_id)`;
  if (page === undefined) return { bytes: 0, next: undefined };
  return { bytes: page.bytes, next: page.count < limit ? undefined : (page.last ?? undefined) };
};
