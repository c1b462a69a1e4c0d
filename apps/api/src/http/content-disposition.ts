// Types that a browser may display. It saves all others, including SVG and HTML.
const INLINE = /^(image\/(jpeg|png|webp|gif|avif|heic|heif|tiff)|audio\/[a-z0-9.+-]+|video\/[a-z0-9.+-]+)$/;

const encodeRfc8187 = (text: string): string =>
  encodeURIComponent(text).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

interface Named {
  content_type: string;
  filename: string;
  /** Whether to save it, whatever its type. */
  is_attachment?: boolean | undefined;
}

/** Returns `Content-Disposition` (RFC 6266) with an ASCII name for old clients and the real one (RFC 8187). */
export const contentDisposition = ({ content_type, filename, is_attachment = false }: Named): string => {
  const ascii = filename.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  const kind = INLINE.test(content_type) && !is_attachment ? 'inline' : 'attachment';
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encodeRfc8187(filename)}`;
};
