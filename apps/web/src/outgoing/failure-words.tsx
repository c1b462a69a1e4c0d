import type { ClaimcheckError, OutgoingMessage } from '@claimcheck/client';
import { useMedia } from '@claimcheck/client/react';
import { mediaWords } from '../media/media-words.ts';

interface FailureWordsProps {
  message: OutgoingMessage;
  error: ClaimcheckError | undefined;
}

/** Why a message was not sent. */
export const FailureWords = ({ message, error }: FailureWordsProps) => {
  const { mediaObjectId, filename } = message;
  if (error?.code === 'file_missing') return `The page was left while ${filename} was on its way.`;
  // The scanner may be faster than the message.
  if (error?.code === 'media_gone' && mediaObjectId) return <GoneWords id={mediaObjectId} />;
  return `Not sent: ${error?.message}`;
};

const GoneWords = ({ id }: { id: string }) => {
  const { media } = useMedia(id);
  return `Not sent. ${media ? mediaWords(media) : ''}`;
};
