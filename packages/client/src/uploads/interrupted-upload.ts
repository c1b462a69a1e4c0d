import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { InterruptedUpload } from './upload.ts';
import type { UploadRecord } from './upload-record.ts';

/** What a page is told of an upload that waits for its bytes. */
export const interruptedUpload = (
  { id, filename, contentType, sizeBytes, conversationId }: UploadRecord,
  error: ClaimcheckError,
  actions: Pick<InterruptedUpload, 'resume' | 'discard'>,
): InterruptedUpload => ({ id, filename, contentType, sizeBytes, conversationId, error, ...actions });
