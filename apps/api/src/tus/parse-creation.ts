import { uuid } from '@claimcheck/contracts/ids';
import { LIMITS } from '@claimcheck/contracts/limits';
import { type UploadMetadata, uploadMetadataSchema } from '@claimcheck/contracts/rest';
import { Metadata } from '@tus/utils';
import { ProblemError } from '../problem-error.ts';
import { validate } from '../request/validate.ts';

export interface Creation {
  /** Bytes; undefined while deferred. */
  length: number | undefined;
  metadata: UploadMetadata;
}

type Header = (name: string) => string | undefined;

const parseLength = (header: Header, maxBytes: number): number | undefined => {
  const length = header('upload-length');
  const deferred = header('upload-defer-length');
  if ((length === undefined) === (deferred === undefined)) throw new ProblemError('length_required');
  if (deferred !== undefined) {
    if (deferred !== '1') throw new ProblemError('tus_protocol', { field: 'Upload-Defer-Length' });
    return undefined;
  }
  if (length === undefined || !/^(0|[1-9]\d{0,99})$/.test(length))
    throw new ProblemError('tus_protocol', {
      field: 'Upload-Length',
      detail: 'Upload-Length is not a number of bytes.',
    });
  if (Number(length) > maxBytes)
    throw new ProblemError('too_large', {
      field: 'Upload-Length',
      detail: `At most ${maxBytes} bytes are accepted.`,
    });
  return Number(length);
};

const decode = (header: string): Record<string, string | null> => {
  if (Buffer.byteLength(header) > LIMITS.uploadMetadataBytes)
    throw new ProblemError('invalid_metadata', {
      field: 'Upload-Metadata',
      detail: `Upload-Metadata is larger than ${LIMITS.uploadMetadataBytes} bytes.`,
    });
  try {
    // Lists in headers may contain white space and empty elements, partly from proxies (RFC 9110, 5.6.1).
    const pairs = header.split(',').map((pair) => pair.trim());
    return Metadata.parse(pairs.filter((pair) => pair !== '').join(','));
  } catch {
    throw new ProblemError('invalid_metadata', { field: 'Upload-Metadata' });
  }
};

/** Reads `Upload-Metadata` (tus 1.0.0, Creation); values are UTF-8, `name` and `type` are aliases that clients use. */
export const parseMetadata = (header: string | undefined): UploadMetadata => {
  const decoded = header === undefined || header.trim() === '' ? {} : decode(header);
  // Bytes that are not UTF-8 were decoded to replacement characters.
  const garbled = Object.entries(decoded).find(([, value]) => value?.includes('\uFFFD'));
  if (garbled !== undefined)
    throw new ProblemError('invalid_metadata', {
      field: garbled[0],
      detail: 'The value is not UTF-8.',
    });
  const { name, type, ...others } = decoded;
  const told = Object.entries({
    ...others,
    filename: others.filename || name,
    filetype: others.filetype || type,
  });
  // A key without a value means the empty string.
  const values = Object.fromEntries(told.map(([key, value]) => [key, value ?? '']));
  return validate(uploadMetadataSchema, values, 'invalid_metadata');
};

/** Reads the headers of a tus creation. @throws ProblemError that names the header or metadata key */
export const parseCreation = (header: Header, maxBytes: number): Creation => ({
  length: parseLength(header, maxBytes),
  metadata: parseMetadata(header('upload-metadata')),
});

/** Reads the headers of a partial upload's creation, without its metadata, which has no meaning. */
export const parsePartialCreation = (header: Header, maxBytes: number): Pick<Creation, 'length'> => ({
  length: parseLength(header, maxBytes),
});

const MAX_PARTIALS = 1_000;

/** Reads `Upload-Concat: final;url url …`: the ids at the ends of the URLs, in order. */
export const parseFinalConcat = (concat: string): string[] => {
  const urls = concat.slice('final;'.length).trim().split(/\s+/);
  const ids = urls.map((url) => uuid.safeParse(url.split('/').at(-1)));
  if (ids.length > MAX_PARTIALS || ids.some((id) => !id.success))
    throw new ProblemError('tus_protocol', {
      field: 'Upload-Concat',
      detail: 'Upload-Concat names no uploads.',
    });
  return ids.flatMap((id) => (id.success ? [id.data] : []));
};
