import { z } from 'zod';

/**
 * An id given by the host application. It becomes a token of a NATS subject, so dots, wildcards and
 * white space are not allowed.
 */
export const hostId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must match [A-Za-z0-9_-]{1,64}');

/** An id that we made (UUIDv7) or that a worker repeats to us. */
export const uuid = z.guid().toLowerCase();

/** A key chosen by a client that names one thing for good (`client_media_id`, `client_message_id`). */
export const clientKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters');
