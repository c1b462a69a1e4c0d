import type { CSSProperties, ReactNode } from 'react';
import { isGone, type Media } from '../wire/media.ts';
import { formatBytes } from './format-bytes.ts';
import { DEFAULT_LABELS, type MediaLabels, stateOf } from './media-labels.ts';
import { useMedia } from './use-media.ts';

export interface MediaFileProps {
  /** The description that came with a message. */
  media: Media;
  /** The conversation that shows it. */
  conversationId?: string | undefined;
  /** Its name; defaults to the media object's. */
  filename?: string | undefined;
  labels?: Partial<MediaLabels> | undefined;
  /** Drawn before the name. */
  icon?: ReactNode;
  className?: string | undefined;
  style?: CSSProperties | undefined;
}

/**
 * A file by its name and size, as a download of the uploaded bytes. A file without bytes, or without a preview that its
 * kind should have, shows a sentence that says why.
 */
export const MediaFile = ({ media: given, conversationId, filename, icon, ...props }: MediaFileProps) => {
  const { media = given, urls, error } = useMedia(given, conversationId);
  const labels = { ...DEFAULT_LABELS, ...props.labels };
  const name = filename ?? media.filename;
  const words = stateOf(media, labels) ?? error?.message;
  const content = (
    <>
      {icon}
      <span data-claimcheck-part="name" dir="auto">
        {isGone(media) ? <s>{name}</s> : name}
      </span>{' '}
      <span data-claimcheck-part="size" dir="auto">
        {formatBytes(media.size_bytes)}
      </span>
    </>
  );
  return (
    <span
      className={props.className}
      style={{ display: 'block', maxWidth: '100%', ...props.style }}
      data-claimcheck-state={media.state}
    >
      {urls.source ? (
        <a
          href={downloadUrl(urls.source)}
          download={name}
          rel="noreferrer"
          target="_blank"
          data-claimcheck-part="file"
        >
          {content}
        </a>
      ) : (
        <span data-claimcheck-part="file">{content}</span>
      )}
      {words !== undefined && <span data-claimcheck-part="words">{words}</span>}
    </span>
  );
};

/** Returns the address of a file that the browser saves instead of showing, wherever it is stored. */
export const downloadUrl = (url: string): string => {
  const download = new URL(url);
  // A signed URL of the storage already contains the disposition.
  if (download.pathname.startsWith('/v1/media/')) download.searchParams.set('download', '1');
  return download.href;
};
