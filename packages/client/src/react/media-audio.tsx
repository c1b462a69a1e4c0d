import { type CSSProperties, useState } from 'react';
import type { Media } from '../wire/media.ts';
import { MediaFile } from './media-file.tsx';
import type { MediaLabels } from './media-labels.ts';
import { useAttempts } from './use-attempts.ts';
import { useMedia } from './use-media.ts';
import { Waveform } from './waveform.tsx';

export interface MediaAudioProps {
  /** The description that came with a message. */
  media: Media;
  /** The conversation that shows it. */
  conversationId?: string | undefined;
  /** Its name; defaults to the media object's. */
  filename?: string | undefined;
  /** Describes the sound in words; defaults to the media object's alt, then to its name. */
  alt?: string | undefined;
  labels?: Partial<MediaLabels> | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
}

const COLUMN: CSSProperties = { display: 'grid', gap: '0.25em', maxWidth: '100%' };

/** A recording with the browser's controls and, if the worker made one, its waveform. Shown as a file where it cannot play. */
export const MediaAudio = ({ media: given, conversationId, ...props }: MediaAudioProps) => {
  const { media = given, urls, renew } = useMedia(given, conversationId);
  const { attempt, isGivenUp, fail, succeed } = useAttempts(renew);
  const [played, setPlayed] = useState(0);
  const url = urls.original ?? urls.source;
  if (url === undefined || isGivenUp)
    return <MediaFile media={media} conversationId={conversationId} {...props} />;
  const label = props.alt ?? media.alt ?? props.filename ?? media.filename;
  return (
    <span
      className={props.className}
      style={{ ...COLUMN, ...props.style }}
      data-claimcheck-state={media.state}
    >
      {media.waveform && <Waveform peaks={media.waveform} played={played} />}
      {/* biome-ignore lint/a11y/useMediaCaption: what members send has no captions */}
      <audio
        key={attempt}
        controls
        preload="metadata"
        src={url}
        aria-label={label}
        style={{ width: '100%' }}
        onError={fail}
        onLoadedMetadata={succeed}
        onTimeUpdate={({ currentTarget: { currentTime, duration } }) =>
          setPlayed(duration > 0 ? currentTime / duration : 0)
        }
      />
    </span>
  );
};
