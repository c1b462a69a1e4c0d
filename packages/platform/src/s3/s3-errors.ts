import { S3ServiceException } from '@aws-sdk/client-s3';

/** What stores answer where the condition of a write is not met; S3Mock answers 304, as to a read. */
const CONFLICTS: readonly (number | undefined)[] = [412, 409, 304];

/** Of a write: the object exists, or another request is just writing it. */
export const isConflict = (error: unknown): boolean =>
  error instanceof S3ServiceException && CONFLICTS.includes(error.$metadata.httpStatusCode);

/** The object or multipart upload is missing. A missing bucket does not count: that is a wrong configuration. */
export const isMissing = (error: unknown): boolean =>
  error instanceof S3ServiceException &&
  error.name !== 'NoSuchBucket' &&
  (error.$metadata.httpStatusCode === 404 || error.name === 'NoSuchKey' || error.name === 'NotFound');

/** The store does not know the multipart upload, or these parts of it. */
export const isLost = (error: unknown): boolean =>
  error instanceof S3ServiceException && (error.name === 'NoSuchUpload' || error.name === 'InvalidPart');

/**
 * The store cannot join these parts: the object exists already, the multipart upload is gone, or a part was replaced. HEAD
 * of the object tells which.
 */
export const isUnsettled = (error: unknown): boolean =>
  isMissing(error) || isLost(error) || isConflict(error);

const SOCKET_AWAY =
  /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** The store did not answer, or failed itself, rather than refused the request. */
export const isStorageAway = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof S3ServiceException) return (error.$metadata.httpStatusCode ?? 500) >= 500;
  // The SDK marks time-outs and broken connections this way.
  if (!('$metadata' in error)) return false;
  const { code } = error as { code?: unknown };
  return (
    /^(TimeoutError|UnknownOutcomeError)$/.test(error.name) ||
    (typeof code === 'string' && SOCKET_AWAY.test(code))
  );
};

/** Another attempt may succeed. */
export const isTransient = (error: unknown): boolean =>
  !(error instanceof S3ServiceException) ||
  (error.$metadata.httpStatusCode ?? 500) >= 500 ||
  error.name === 'SlowDown' ||
  error.name === 'RequestTimeout' ||
  // versitygw, while it removes the folder that the last deleted key left empty.
  error.name === 'ExistingObjectIsDirectory';

/** The store does not support this batch request: it requires a Content-MD5, or has no such request. */
export const isBatchRefused = (error: unknown): boolean =>
  error instanceof S3ServiceException &&
  (/^(MissingContentMD5|InvalidRequest|NotImplemented|MethodNotAllowed|InvalidDigest|BadDigest)$/.test(
    error.name,
  ) ||
    error.$metadata.httpStatusCode === 501 ||
    error.$metadata.httpStatusCode === 405);
