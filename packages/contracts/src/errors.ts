/** RFC 9457 problem types. One table for HTTP, sockets, workers and the SDK. */
interface ProblemType {
  status: number;
  /** A sentence for people. It never contains a secret, an internal name or a stack. */
  title: string;
  /** Whether the same request may succeed later, unchanged. */
  retryable: boolean;
}

const problem = (status: number, title: string, retryable = false): ProblemType => ({
  status,
  title,
  retryable,
});

export const PROBLEMS = {
  invalid_request: problem(400, 'The request is not valid.'),
  invalid_json: problem(400, 'The body is not valid JSON.'),
  invalid_metadata: problem(400, 'Upload-Metadata is not valid.'),
  length_required: problem(400, 'Upload-Length or Upload-Defer-Length is required.'),
  tus_protocol: problem(400, 'The request does not follow the tus protocol.'),
  unauthorized: problem(401, 'A valid bearer token is required.'),
  token_expired: problem(401, 'The token has expired.'),
  session_expired: problem(401, 'The media session has ended.'),
  forbidden: problem(403, 'Your token does not allow this.'),
  not_found: problem(404, 'Not found, or not visible to you.'),
  method_not_allowed: problem(405, 'This method is not allowed here.'),
  request_timeout: problem(408, 'The request took too long to arrive. Send it again.', true),
  offset_mismatch: problem(409, 'Upload-Offset is not the current offset of the upload.'),
  media_not_uploaded: problem(409, 'The media object is not uploaded yet.', true),
  media_not_scanned: problem(409, 'The scanner has no verdict on this media object yet.', true),
  media_not_ready: problem(409, 'This quality is not ready yet.', true),
  media_referenced: problem(409, 'A message or reference still points at this media object.'),
  media_failed: problem(409, 'The media object could not be processed.'),
  client_key_conflict: problem(
    409,
    'This client key is already in use for something else. Choose another one.',
  ),
  upload_incomplete: problem(409, 'The storage does not have all bytes of this upload yet.', true),
  upload_finished: problem(409, 'The upload is finished.'),
  message_deleted: problem(410, 'The message was deleted.'),
  media_gone: problem(410, 'The media object is gone.'),
  upload_gone: problem(410, 'The upload has expired or was ended. Create a new one.'),
  tus_version: problem(412, 'Tus-Resumable: 1.0.0 is required.'),
  too_large: problem(413, 'The request is larger than the configured limit.'),
  quota_exceeded: problem(413, 'Storage quota exceeded.'),
  unsupported_media_type: problem(415, 'The content type of the request is not supported.'),
  range_not_satisfiable: problem(416, 'The range lies outside the file.'),
  idempotency_mismatch: problem(422, 'This Idempotency-Key was already used with a different body.'),
  upload_locked: problem(423, 'Another request holds this upload.', true),
  too_many_uploads: problem(429, 'Too many unfinished uploads. Finish or cancel one.', true),
  too_many_uploads_today: problem(429, 'Daily upload limit reached. Try again tomorrow (UTC).', true),
  rate_limited: problem(429, 'Too many requests. Slow down and try again.', true),
  checksum_mismatch: problem(
    460,
    'The checksum does not match. Nothing of this request was stored; send it again.',
    true,
  ),
  internal: problem(500, 'Internal error. Try again later.', true),
  unavailable: problem(503, 'A service that this one needs does not answer. Try again later.', true),
} as const satisfies Record<string, ProblemType>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Why a media object failed; `failure.code` of a media object and `code` of a response. */
export const FAILURES = {
  empty_file: 'The file is empty.',
  unsupported_type: 'The media type could not be detected.',
  type_mismatch: 'The content does not match the file name or type.',
  unreadable: 'The file is damaged or cannot be read.',
  unsupported_codec: 'The file uses a codec that is not supported here.',
  too_many_pixels: 'The picture has too many pixels.',
  hash_mismatch: 'The content does not match the announced SHA-256.',
  no_verdict: 'The scanner did not answer in time.',
  processing_failed: 'Processing failed.',
  not_in_time: 'Processing did not finish in time.',
  size_mismatch: 'The uploaded size does not match the announced size.',
  source_missing: 'The uploaded bytes are missing from the storage.',
} as const;
export type FailureCode = keyof typeof FAILURES;

/** The body of an `application/problem+json` answer. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  retryable: boolean;
  detail?: string;
  /** The offending field, if there is one. */
  field?: string;
  retry_after_ms?: number;
  media_object_id?: string;
  /** Quote it when you report a problem: the operator finds it in the log. Also in the header X-Request-Id. */
  request_id?: string;
}

export const toProblem = (code: ProblemCode, extra: Partial<Problem> = {}): Problem => {
  const { status, title, retryable } = PROBLEMS[code];
  return { type: `urn:claimcheck:problem:${code}`, title, status, code, retryable, ...extra };
};
