import type { Storage } from '@claimcheck/platform/storage';

/** Deletes everything below a media object's prefix: source and derivatives of all epochs. Repeatable. */
export const removeObjects = async (storage: Storage, mediaObjectId: string): Promise<void> => {
  const keys: string[] = [];
  for await (const key of storage.list(`${mediaObjectId}/`)) keys.push(key);
  await storage.delete(keys);
};
