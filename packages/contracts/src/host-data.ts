import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { utf8Bytes } from './text.ts';

/** Postgres can store neither NUL nor half a surrogate pair. */
const isStorable = (value: unknown): boolean => {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, item]) => isStorable(key) && isStorable(item));
};

/** The host's own JSON object on a message, a media object or a reference. Claimcheck stores it and never reads it. */
export const hostData = z
  .record(z.string(), z.unknown())
  .refine(
    (data) => utf8Bytes(JSON.stringify(data)) <= LIMITS.dataBytes,
    `must be at most ${LIMITS.dataBytes} bytes of JSON`,
  )
  .refine(isStorable, 'must not contain NUL or half a surrogate pair');
export type HostData = z.infer<typeof hostData>;
