import type { MediaKind } from './media.ts';

/** Pictures that the worker decodes. It passes a picture of any other format on as a file. */
const IMAGES: ReadonlySet<string> = new Set([
  ...['image/jpeg', 'image/png', 'image/apng', 'image/webp', 'image/gif', 'image/avif', 'image/tiff'],
  ...['image/heic', 'image/heif', 'image/heic-sequence', 'image/heif-sequence'],
  ...['image/bmp', 'image/x-icon', 'image/vnd.microsoft.icon', 'image/jxl'],
]);

// SVG counts as a document: it can run scripts, and is never rendered.
const DOCUMENTS =
  /^(text\/|image\/svg|application\/(pdf|rtf|xml|epub\+zip|postscript|x-cfb|msword|vnd\.ms-(excel|powerpoint|word)|vnd\.openxmlformats-|vnd\.oasis\.opendocument\.))/;

/** Returns a media type in lower case without its parameters. */
export const essenceOf = (contentType: string): string =>
  contentType.split(';')[0]?.trim().toLowerCase() ?? '';

/** Returns the kind of a content type. Worker and api both use it. */
export const kindOf = (contentType: string): MediaKind => {
  const type = essenceOf(contentType);
  if (IMAGES.has(type)) return 'image';
  if (type.startsWith('video/') || type === 'application/ogg') return 'video';
  if (type.startsWith('audio/')) return 'audio';
  return DOCUMENTS.test(type) ? 'document' : 'other';
};
