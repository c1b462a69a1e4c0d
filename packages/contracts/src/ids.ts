import { z } from 'zod';

/**
 * An id given by the host application. It becomes a token of a NATS subject, so dots, wildcards and
 * white space are not allowed.
 */
export const hostId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must match [A-Za-z0-9_-]{1,64}');

/** An id that we created (UUIDv7), or that a worker repeats. */
export const uuid = z.guid().toLowerCase();

/** A key that a client chose, and that names one thing for good (`client_media_id`, `client_message_id`). */
export const clientKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters');

/** How a host's `sub` becomes a user id: unchanged, or encoded because it has other characters. */
export const SUBJECT_FORMS = ['plain', 'encoded'] as const;
export type SubjectForm = (typeof SUBJECT_FORMS)[number];

const UNCHANGED = /^[A-Za-z0-9-]$/;

/**
 * Encodes any subject as a user id: letters, digits and hyphens stay, each other byte of its UTF-8 form becomes
 * `_` and two hexadecimal digits. `auth0|6123` becomes `auth0_7C6123`. Reversible: see {@link decodeSubject}.
 */
export const encodeSubject = (subject: string): string =>
  [...new TextEncoder().encode(subject)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return UNCHANGED.test(character) ? character : `_${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');

/** Returns the subject from which {@link encodeSubject} made this user id. @throws URIError if it made none */
export const decodeSubject = (userId: string): string => decodeURIComponent(userId.replaceAll('_', '%'));

/** @returns undefined when the subject cannot be a user id */
export const toUserId = (subject: unknown, form: SubjectForm = 'plain'): string | undefined => {
  if (typeof subject !== 'string' || subject === '') return undefined;
  return hostId.safeParse(form === 'encoded' ? encodeSubject(subject) : subject).data;
};
