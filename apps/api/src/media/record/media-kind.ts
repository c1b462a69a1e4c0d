import type { MediaKind } from '@claimcheck/contracts/media';

const DOCUMENTS = [/^text\//, /^application\/(pdf|rtf|msword|epub\+zip)$/, /^application\/vnd\./];

/** The kind that a sniffed content type belongs to. */
export const kindOf = (contentType: string): MediaKind => {
  // SVG is a document here: it is a program that draws, and is never rendered.
  if (contentType === 'image/svg+xml') return 'document';
  if (contentType.startsWith('image/')) return 'image';
  if (contentType.startsWith('video/')) return 'video';
  if (contentType.startsWith('audio/')) return 'audio';
  return DOCUMENTS.some((pattern) => pattern.test(contentType)) ? 'document' : 'other';
};
