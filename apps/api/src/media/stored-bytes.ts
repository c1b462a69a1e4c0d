import type { Database } from '@claimcheck/database/database';

/** Bytes that are kept: sources, with what open uploads reserve, from the users' sums; derivatives by their rows. */
export const sumStoredBytes = async ({
  client,
}: Pick<Database, 'client'>): Promise<{ source: number; derivative: number }> => {
  const [sums] = await client.$queryRaw<{ source: number; derivative: number }[]>`
    SELECT (SELECT coalesce(sum(bytes), 0)::float8 FROM user_usage) AS source,
      (SELECT coalesce(sum(size_bytes), 0)::float8 FROM derivative) AS derivative`;
  return sums ?? { source: 0, derivative: 0 };
};
