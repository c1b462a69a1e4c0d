import { type Executor, Prisma, type Transaction } from '@claimcheck/database/database';

/** A media object with its derivatives. */
export type MediaRow = Prisma.media_objectGetPayload<{ include: { derivatives: true } }>;

/** Reads inside and outside a transaction. */
export type Reader = Pick<Executor, 'query'>;

/** The columns of `media_object` only. */
export type MediaColumns = Omit<MediaRow, 'derivatives'>;

export type Derivative = MediaRow['derivatives'][number];

/** An entry of `further_formats`. */
export type FurtherFormat = Pick<
  Derivative,
  'format' | 's3_bucket' | 'object_storage_key' | 'width' | 'height'
> & { size_bytes: number };

/** Returns every format of a derivative, the one that is served first. */
export const formatsOf = (derivative: Derivative): Derivative[] => {
  const further = derivative.further_formats as unknown as FurtherFormat[];
  return [
    { ...derivative, further_formats: [] },
    ...further
      // A process of the release before `further_formats` changes the row's own format only.
      .filter(({ format }) => format !== derivative.format)
      .map((one) => ({
        ...derivative,
        ...one,
        size_bytes: BigInt(one.size_bytes),
        further_formats: [],
      })),
  ];
};

/** A row as `to_jsonb` returns it. */
export type StoredDerivative = Omit<Derivative, 'size_bytes' | 'created_at'> & {
  size_bytes: number;
  created_at: string;
};

export const toDerivative = ({ size_bytes, created_at, ...rest }: StoredDerivative): Derivative => ({
  ...rest,
  size_bytes: BigInt(size_bytes),
  created_at: new Date(created_at),
});

type Time = 'ready_by' | 'settle_by' | 'expires_at' | 'kept_at';

/** A row without derivatives as `to_jsonb` returns it. */
export type StoredMedia = Omit<MediaColumns, 'size_bytes' | 'created_at' | 'updated_at' | Time> &
  Record<Time, string | null> & { size_bytes: number; created_at: string; updated_at: string };

const toTime = (text: string | null): Date | null => (text === null ? null : new Date(text));

export const toMediaRow = (stored: StoredMedia): MediaRow => ({
  ...stored,
  size_bytes: BigInt(stored.size_bytes),
  ready_by: toTime(stored.ready_by),
  settle_by: toTime(stored.settle_by),
  expires_at: toTime(stored.expires_at),
  kept_at: toTime(stored.kept_at),
  created_at: new Date(stored.created_at),
  updated_at: new Date(stored.updated_at),
  derivatives: [],
});

/** The column `derivatives` for a row of `media_object`; {@link withDerivatives} reads it. */
export const DERIVATIVES = Prisma.sql`(
  SELECT coalesce(jsonb_agg(to_jsonb(derivative)), '[]') FROM derivative
  WHERE derivative.media_object_id = media_object.media_object_id) AS derivatives`;

/** A row of `media_object` with {@link DERIVATIVES}. */
export type JoinedMedia = MediaColumns & { derivatives: StoredDerivative[] };

export const withDerivatives = ({ derivatives, ...columns }: JoinedMedia): MediaRow => ({
  ...columns,
  derivatives: derivatives.map(toDerivative),
});

/** Returns those media objects that exist, by id. */
export const readMediaOf = async (
  on: Reader,
  mediaObjectIds: readonly string[],
): Promise<Map<string, MediaRow>> => {
  if (mediaObjectIds.length === 0) return new Map();
  const rows = await on.query<JoinedMedia>(Prisma.sql`
    SELECT *, ${DERIVATIVES} FROM media_object WHERE media_object_id = ANY(${[...mediaObjectIds]}::uuid[])`);
  return new Map(rows.map((row) => [row.media_object_id, withDerivatives(row)]));
};

export const readMedia = async (on: Reader, mediaObjectId: string): Promise<MediaRow | undefined> =>
  (await readMediaOf(on, [mediaObjectId])).get(mediaObjectId);

/** Returns the derivatives of these media objects. */
export const readDerivatives = async (on: Reader, mediaObjectIds: readonly string[]): Promise<Derivative[]> =>
  on.query<Derivative>(Prisma.sql`
    SELECT * FROM derivative WHERE media_object_id = ANY(${[...mediaObjectIds]}::uuid[])`);

/**
 * Reads a media object and keeps others from changing it until the transaction ends.
 *
 * The lock order of every transaction, so that no two wait for each other: media objects (ascending), upload
 * sessions (ascending), users' usage (ascending), conversations (ascending), rows of a conversation's log.
 */
export const lockMedia = async (tx: Transaction, mediaObjectId: string): Promise<MediaRow | undefined> => {
  const [columns] = await tx.query<MediaColumns>(Prisma.sql`
    SELECT * FROM media_object WHERE media_object_id = ${mediaObjectId}::uuid FOR UPDATE`);
  if (columns === undefined) return undefined;
  // A second statement, which sees what the holder of the lock wrote. Before its first epoch, a row has no derivatives.
  return { ...columns, derivatives: columns.epoch === 0 ? [] : await readDerivatives(tx, [mediaObjectId]) };
};
