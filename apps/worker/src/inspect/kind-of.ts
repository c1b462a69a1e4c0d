import type { MediaKind } from '@claimcheck/contracts/media';

const IMAGES = new Set([
  ...['image/jpeg', 'image/png', 'image/apng', 'image/webp', 'image/gif', 'image/avif', 'image/tiff'],
  ...['image/heic', 'image/heif'],
]);

const DOCUMENTS =
  /^(text\/|application\/(pdf|rtf|xml|epub\+zip|postscript|x-cfb|msword|vnd\.ms-(excel|powerpoint|word)|vnd\.openxmlformats-|vnd\.oasis\.opendocument\.))/;

/** What is done with a sniffed type. A picture whose format is not decoded here is `other`. */
export const kindOf = (contentType: string): MediaKind => {
  if (IMAGES.has(contentType)) return 'image';
  if (contentType.startsWith('video/') || contentType === 'application/ogg') return 'video';
  if (contentType.startsWith('audio/')) return 'audio';
  return DOCUMENTS.test(contentType) ? 'document' : 'other';
};

const classOf = (contentType: string): string => contentType.split('/')[0]?.trim().toLowerCase() ?? '';

const CHECKED_CLASSES = ['image', 'video', 'audio'];

/**
 * Whether a file claims to be a picture, a video or a sound and its content is something else.
 *
 * @param actual every type that the content may be called by, such as `video/webm` and `audio/webm`
 */
export const isTypeMismatch = (declared: string | undefined, actual: readonly string[]): boolean => {
  if (declared === undefined || !CHECKED_CLASSES.includes(classOf(declared))) return false;
  // A drawing of XML text: right as declared, and treated as a document.
  if (declared.startsWith('image/svg')) return !actual.some((type) => kindOf(type) === 'document');
  return !actual.some((type) => classOf(type) === classOf(declared));
};
