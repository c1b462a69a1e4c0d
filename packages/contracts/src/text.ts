import { z } from 'zod';
import { LIMITS } from './limits.ts';

// C0 and C1 controls (CR, LF and NUL among them), and the bidirectional overrides that disguise a file's extension.
const FORBIDDEN = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u;
// A message body may have line breaks and tabs.
const FORBIDDEN_IN_BODY = /[^\P{Cc}\n\r\t]|[\u202A-\u202E\u2066-\u2069]/u;

const hasNoControls = (value: string) => !FORBIDDEN.test(value) && value.isWellFormed();

const encoder = new TextEncoder();

/** Length of a text in UTF-8 bytes. */
export const utf8Bytes = (text: string): number => encoder.encode(text).byteLength;

const atMost = (bytes: number) =>
  z.string().refine((value) => utf8Bytes(value) <= bytes, `must be at most ${bytes} bytes`);

const singleLine = (maxBytes: number) =>
  atMost(maxBytes).refine(hasNoControls, 'must not contain control or bidirectional override characters');

export const filename = singleLine(LIMITS.filenameBytes).min(1);

export const alt = singleLine(LIMITS.altBytes);

export const contentType = z
  .string()
  .max(127)
  .regex(
    /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/i,
    'must be a media type such as image/jpeg',
  )
  .toLowerCase();

/**
 * A media type as a client declares it: a hint. Parameters are removed; an absent type means octets.
 */
export const declaredType = z
  .string()
  .default('application/octet-stream')
  .transform((declared) => declared.split(';')[0]?.trim() || 'application/octet-stream')
  .pipe(contentType);

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

export const messageBody = atMost(LIMITS.messageBodyBytes).refine(
  (value) => !FORBIDDEN_IN_BODY.test(value) && value.isWellFormed(),
  'must not contain control characters',
);
