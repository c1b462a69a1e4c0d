import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { Readable } from '../observable.ts';
import type { Media, Quality } from '../wire/media.ts';
import type { MediaUrl } from './media-urls.ts';

/** URLs for `<img>`, `<video>` and links, of the qualities that exist and may be shown now. */
export type MediaElementUrls = Readonly<Partial<Record<Quality | 'hls', string>>>;

export interface MediaSnapshot {
  media?: Media | undefined;
  /** Empty until there is a token. While there is a subscriber, the URLs stay valid and do not change. */
  urls: MediaElementUrls;
  error?: ClaimcheckError | undefined;
}

export interface MediaOptions {
  /** The conversation that shows it; its media session opens the URLs. Without one, only the owner gets URLs. */
  conversationId?: string | undefined;
  /** The description that came with a message; saves a request. */
  media?: Media | undefined;
}

/** A media object that follows its changes while there is a subscriber. */
export interface MediaHandle extends Readable<MediaSnapshot> {
  readonly id: string;
  /** Asks the service. Rejects with ClaimcheckError. */
  load(): Promise<Media>;
  /** Returns a signed URL for links and downloads. It needs no token and expires. Rejects with ClaimcheckError. */
  url(quality: Quality, options?: { fresh?: boolean }): Promise<MediaUrl>;
  /** Waits until the media object is ready, degraded, failed or gone. Rejects with ClaimcheckError. */
  settled(signal?: AbortSignal): Promise<Media>;
  /** Call it when a URL did not load: renews the session or signature behind it. */
  renew(): Promise<void>;
  /**
   * Deletes the caller's own media object, and frees its part of the quota. Repeatable. Rejects with ClaimcheckError
   * `media_referenced` while a message refers to it.
   */
  delete(): Promise<void>;
  /** Takes a newer description, such as the one in an event. */
  update(media: Media): void;
}
