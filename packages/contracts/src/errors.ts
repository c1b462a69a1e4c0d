/** RFC 9457 problem types. One table for HTTP, sockets, workers and the SDK. */
interface ProblemType {
  status: number;
  /** A sentence for people; never contains a secret, an internal name or a stack. */
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
  forbidden: problem(403, 'This is not allowed.'),
  not_found: problem(404, 'There is nothing here that you may see.'),
  method_not_allowed: problem(405, 'This method is not allowed here.'),
  offset_mismatch: problem(409, 'Upload-Offset is not the current offset of the upload.'),
  media_not_uploaded: problem(409, 'The media object is not uploaded yet.', true),
  media_not_scanned: problem(409, 'The media object has no verdict of the scanner yet.', true),
  media_not_ready: problem(409, 'This quality does not exist yet.', true),
  media_referenced: problem(409, 'A message refers to this media object.'),
  media_failed: problem(409, 'The media object could not be processed.'),
  client_key_conflict: problem(409, 'This client key already names something else.'),
  upload_incomplete: problem(409, 'Bytes of the upload are missing in the storage.', true),
  upload_finished: problem(409, 'The upload is finished.'),
  media_gone: problem(410, 'The media object is gone.'),
  upload_gone: problem(410, 'The upload has expired or was ended.'),
  tus_version: problem(412, 'Tus-Resumable: 1.0.0 is required.'),
  too_large: problem(413, 'This is larger than what is accepted here.'),
  quota_exceeded: problem(413, 'This would be more than you may keep here.'),
  unsupported_media_type: problem(415, 'The content type of the request is not supported.'),
  range_not_satisfiable: problem(416, 'The range can not be satisfied.'),
  idempotency_mismatch: problem(422, 'This Idempotency-Key was used with another body.'),
  upload_locked: problem(423, 'Another request holds this upload.', true),
  too_many_uploads: problem(429, 'Too many unfinished uploads.', true),
  too_many_uploads_today: problem(429, 'Too many uploads today.', true),
  rate_limited: problem(429, 'Too many requests.', true),
  checksum_mismatch: problem(460, 'The checksum does not match; nothing of this request was kept.', true),
  internal: problem(500, 'Something went wrong on our side.', true),
  unavailable: problem(503, 'A service behind this one does not answer.', true),
} as const satisfies Record<string, ProblemType>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Why a media object failed; `failure.code` of a media object and `code` of a response. */
export const FAILURES = {
  empty_file: 'The file is empty.',
  unsupported_type: 'Failed to detect the media type.',
  type_mismatch: 'The content is not what its name or type says.',
  unreadable: 'The file is damaged or not readable.',
  too_many_pixels: 'The picture has more pixels than are accepted.',
  hash_mismatch: 'The content is not what its SHA-256 said.',
  no_verdict: 'The scanner gave no verdict in time.',
  processing_failed: 'Processing failed.',
  not_in_time: 'Processing was not finished in time.',
  size_mismatch: 'The uploaded bytes are not as many as were announced.',
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
  /** The offending field, where there is one. */
  field?: string;
  retry_after_ms?: number;
  media_object_id?: string;
}

export const toProblem = (code: ProblemCode, extra: Partial<Problem> = {}): Problem => {
  const { status, title, retryable } = PROBLEMS[code];
  return { type: `urn:claimcheck:problem:${code}`, title, status, code, retryable, ...extra };
};
