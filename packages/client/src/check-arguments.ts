import { ClaimcheckError } from './claimcheck-error.ts';

/** Every key of an options type. The compiler reports a missing one. */
export type KeysOf<Options> = Record<keyof Required<Options>, true>;

export const invalid = (field: string, message: string): ClaimcheckError =>
  new ClaimcheckError('invalid_option', message, { field });

/** Throws `invalid_option` for an unknown option, which would otherwise be dropped silently. */
export const assertKnown = <Options extends object>(
  what: string,
  options: Options,
  keys: KeysOf<Options>,
): void => {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid(what, `${what} takes an object with options, and got ${nameOf(options)}.`);
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(keys, key));
  if (unknown !== undefined)
    throw invalid(unknown, `${what} has no option ${unknown}. It has ${Object.keys(keys).join(', ')}.`);
};

/** Throws `invalid_option`; the message says what to pass instead. */
export const assertBlob = (file: unknown): void => {
  if (file instanceof Blob || isReadable(file)) return;
  throw invalid('file', `upload takes a File or a Blob, and got ${nameOf(file)}. ${insteadOf(file)}`);
};

/** Returns whether this is a file of another platform that can be read piece by piece. */
const isReadable = (file: unknown): boolean =>
  typeof file === 'object' &&
  file !== null &&
  'slice' in file &&
  'arrayBuffer' in file &&
  'size' in file &&
  typeof file.slice === 'function';

const HOST_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Throws `invalid_option` unless `id` can be the id of a conversation. */
export const assertConversationId = (id: unknown): void => {
  if (typeof id === 'string' && HOST_ID.test(id)) return;
  throw invalid(
    'conversationId',
    `A conversation id has 1 to 64 characters of A–Z, a–z, 0–9, _ and -, and this is ${nameOf(id)}.`,
  );
};

const insteadOf = (file: unknown): string => {
  if (typeof file === 'string')
    return 'Pass new Blob([text]); for a path in Node, await openAsBlob(path) of node:fs.';
  if (Array.isArray(file)) return 'Call upload once for each file.';
  if (file instanceof ArrayBuffer || ArrayBuffer.isView(file))
    return "Pass new Blob([bytes], { type: 'image/png' }), and a filename among the options.";
  if (typeof file === 'object' && file !== null && 'uri' in file)
    return 'In React Native pass fileFrom(…) of @claimcheck/client/native.';
  return 'An <input type="file"> has them in its files.';
};

export const nameOf = (value: unknown): string => {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return value.length > 40 ? 'a string' : JSON.stringify(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return `a ${value.constructor?.name ?? 'object'}`;
  return `a ${typeof value}`;
};
