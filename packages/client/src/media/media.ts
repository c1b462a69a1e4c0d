import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { Readable } from '../observable.ts';
import type { Media, Quality } from '../wire/media.ts';
import type { MediaUrl } from './media-urls.ts';

/** URLs for `<img>`, `<video>` and links, of what exists and may be shown now. */
export type MediaElementUrls = Readonly<Partial<Record<Quality | 'hls', string>>>;

export interface MediaSnapshot {
  media?: Media | undefined;
  /** Empty until there is a token. They stay valid, and the same, while there is a subscriber. */
  urls: MediaElementUrls;
  error?: ClaimcheckError | undefined;
}

export interface MediaOptions {
  /** The conversation in which the user sees it: its media session opens it. Without one, only the user's own media has URLs. */
  conversationId?: string | undefined;
  /** As it came with a message; saves asking. */
  media?: Media | undefined;
}

/** A media object as it changes, while there is a subscriber. */
export interface MediaHandle extends Readable<MediaSnapshot> {
  readonly id: string;
  /** Asks the service. Rejects with ClaimcheckError. */
  load(): Promise<Media>;
  /** A signed URL that needs no token and ends; for links and downloads. Rejects with ClaimcheckError. */
  url(quality: Quality, options?: { fresh?: boolean }): Promise<MediaUrl>;
  /** Waits until nothing more happens to it: ready, degraded, failed, or gone. Rejects with ClaimcheckError. */
  settled(signal?: AbortSignal): Promise<Media>;
  /** After a URL did not load: renews what it stands on. */
  renew(): Promise<void>;
  /**
   * Deletes the caller's own media object, and frees its part of the quota. Repeatable. Rejects with ClaimcheckError
   * `media_referenced` while a message refers to it.
   */
  delete(): Promise<void>;
  /** Takes a newer description, such as an event's. */
  update(media: Media): void;
}
