import type { Database, Prisma, Transaction } from '@claimcheck/database/database';

/** A media object with what was derived from it. */
export type MediaRow = Prisma.media_objectGetPayload<{ include: { derivatives: true } }>;

/** Reads work inside and outside of a transaction. */
export type Reader = Transaction['db'] | Database['client'];

export const readMedia = async (db: Reader, mediaObjectId: string): Promise<MediaRow | undefined> => {
  const row = await db.media_object.findUnique({
    where: { media_object_id: mediaObjectId },
    include: { derivatives: true },
  });
  return row ?? undefined;
};

/**
 * Reads a media object and keeps others from changing it until the transaction ends. Always taken before
 * a conversation's lock, so that two transactions can't wait for each other.
 */
export const lockMedia = async (tx: Transaction, mediaObjectId: string): Promise<MediaRow | undefined> => {
  await tx.db.$queryRaw`SELECT 1 FROM media_object WHERE media_object_id = ${mediaObjectId}::uuid FOR UPDATE`;
  return readMedia(tx.db, mediaObjectId);
};
