import type { UploadSession } from '../../media/uploads/upload-session.ts';

/** All bytes are there and the upload is not finished: its last request died on the way. */
export const needsRecovery = ({ phase, offset, length }: UploadSession): boolean =>
  phase === 'completing' || (phase === 'open' && offset === length);
