import { type CSSProperties, useState } from 'react';
import type { MediaElementUrls } from '../media/media.ts';
import { isSettled, type Media, type Quality } from '../wire/media.ts';
import { MediaFile } from './media-file.tsx';
import { FILLING, MediaFrame } from './media-frame.tsx';
import { DEFAULT_LABELS, endOf, type MediaLabels } from './media-labels.ts';
import { useAttempts } from './use-attempts.ts';
import { useMedia } from './use-media.ts';

const BEST: readonly Quality[] = ['medium', 'high', 'low'];

export interface MediaImageProps {
  /** The description that came with a message. */
  media: Media;
  /** The conversation that shows it. */
  conversationId?: string | undefined;
  /** Describes the picture in words; defaults to the media object's alt, then to its file name. */
  alt?: string | undefined;
  /** Its name where it is shown as a file; defaults to the media object's. */
  filename?: string | undefined;
  /** Used if it exists; otherwise the quality that suits a chat bubble best. */
  quality?: Quality | undefined;
  labels?: Partial<MediaLabels> | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
  /** Called with the quality on the screen. */
  onShown?: ((quality: Quality) => void) | undefined;
}

/**
 * A picture from its blur to its full size: first the thumbhash, then the thumbnail, then the picture, all in one
 * frame that keeps its shape.
 */
export const MediaImage = ({ media: given, conversationId, quality, onShown, ...props }: MediaImageProps) => {
  const { media = given, urls, error, renew } = useMedia(given, conversationId);
  const layers = layersOf(urls, quality);
  const top = layers.at(-1)?.[0];
  const { attempt, isGivenUp, fail, succeed } = useAttempts(renew, top);
  /** A lower layer that does not load is left out: only the top layer is retried. */
  const [dropped, setDropped] = useState<string>();
  /** The layer that loaded last. */
  const [shown, setShown] = useState<Quality>();
  const labels = { ...DEFAULT_LABELS, ...props.labels };
  const alt = props.alt ?? media.alt ?? media.filename;

  // There are no URLs before there is a token, and none at all after a refusal.
  const isKnown = Object.keys(urls).length > 0 || error?.retryable === false;
  const isFile = media.state === 'failed' || (media.state === 'degraded' && media.qualities.length === 0);
  if (isFile) return <MediaFile media={media} conversationId={conversationId} {...props} />;
  const isComplete = shown !== undefined && shown === top;

  const isLost = isGivenUp || (isSettled(media) && isKnown && layers.length === 0);
  const words = endOf(media, labels) ?? (isLost ? labels.unloadable : undefined);
  return (
    <MediaFrame
      media={media}
      alt={alt}
      words={words}
      isBusy={words === undefined && shown === undefined}
      isCovered={isComplete}
      className={props.className}
      style={props.style}
    >
      {words === undefined &&
        layers.map(([layer, url]) => {
          const isTop = layer === top;
          // The key contains the address: a layer retries when the address changes or the top layer is retried.
          const thisLoad = `${attempt} ${url}`;
          // A lower layer would show through a transparent picture.
          if (!isTop && (isComplete || dropped === thisLoad)) return null;
          return (
            <img
              key={`${layer} ${attempt}`}
              src={url}
              // Only the uppermost layer is read out.
              alt={isTop ? alt : ''}
              decoding="async"
              data-claimcheck-quality={layer}
              style={FILLING}
              onError={isTop ? fail : () => setDropped(thisLoad)}
              onLoad={() => {
                if (isTop) succeed();
                setShown(layer);
                onShown?.(layer);
              }}
            />
          );
        })}
    </MediaFrame>
  );
};

/** From bottom to top: the thumbnail shows until the layer above it has loaded. */
const layersOf = (urls: MediaElementUrls, wanted: Quality | undefined): [Quality, string][] => {
  const best = [...(wanted === undefined ? [] : [wanted]), ...BEST].find(
    (quality) => urls[quality] !== undefined,
  );
  const layers: [Quality, string][] = [];
  for (const quality of ['thumbnail', best] as const) {
    const url = quality && urls[quality];
    if (quality && url && !layers.some(([other]) => other === quality)) layers.push([quality, url]);
  }
  return layers;
};
