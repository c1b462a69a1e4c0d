import type { Database, Prisma, Transaction } from '@claimcheck/database/database';

/** A media object with its derivatives. */
export type MediaRow = Prisma.media_objectGetPayload<{ include: { derivatives: true } }>;

/** A client for reads inside and outside a transaction. */
export type Reader = Transaction['db'] | Database['client'];

export const readMedia = async (db: Reader, mediaObjectId: string): Promise<MediaRow | undefined> => {
  const row = await db.media_object.findUnique({
    where: { media_object_id: mediaObjectId },
    include: { derivatives: true },
  });
  return row ?? undefined;
};

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

/** Returns a row with its derivatives; before its first epoch it has none. */
const withDerivatives = async (db: Reader, columns: MediaColumns): Promise<MediaRow> => {
  if (columns.epoch === 0) return { ...columns, derivatives: [] };
  const where = { media_object_id: columns.media_object_id };
  return { ...columns, derivatives: await db.derivative.findMany({ where }) };
};

/**
 * Reads a media object and keeps others from changing it until the transaction ends.
 *
 * The lock order of every transaction, so that no two wait for each other: media objects (ascending), upload
 * sessions (ascending), users' usage (ascending), conversations (ascending), rows of a conversation's log.
 */
export const lockMedia = async (tx: Transaction, mediaObjectId: string): Promise<MediaRow | undefined> => {
  const [columns] = await tx.db.$queryRaw<MediaColumns[]>`
    SELECT * FROM media_object WHERE media_object_id = ${mediaObjectId}::uuid FOR UPDATE`;
  return columns === undefined ? undefined : withDerivatives(tx.db, columns);
};
