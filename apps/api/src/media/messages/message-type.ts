import { isSettled, type MediaKind } from '@claimcheck/contracts/media';
import type { MessageType } from '@claimcheck/contracts/messages';
import type { MediaRow } from '../record/media-row.ts';

const TYPES: Record<MediaKind, MessageType> = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  document: 'file',
  other: 'file',
};

/**
 * Returns the type of a message that shows `media`; for an album, by its first item. The sender's choice counts if it is a
 * file, and while no worker has inspected a file of unknown kind.
 */
export const messageTypeOf = (
  asked: MessageType | undefined,
  media: Pick<MediaRow, 'kind' | 'state'> | undefined,
): MessageType => {
  if (media === undefined) return 'text';
  if (asked === 'file') return 'file';
  const isUnknown = media.kind === 'other' && !isSettled(media.state);
  return isUnknown && asked !== undefined && asked !== 'text' ? asked : TYPES[media.kind];
};
