import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { InterruptedUpload } from './upload.ts';
import type { UploadRecord } from './upload-record.ts';

/** Describes an upload that waits for its bytes, for the page. */
export const interruptedUpload = (
  { id, filename, contentType, sizeBytes, conversationId }: UploadRecord,
  error: ClaimcheckError,
  actions: Pick<InterruptedUpload, 'resume' | 'discard'>,
): InterruptedUpload => ({ id, filename, contentType, sizeBytes, conversationId, error, ...actions });
