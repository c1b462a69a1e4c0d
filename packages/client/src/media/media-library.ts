import type { Feed } from '../conversations/feed.ts';
import type { Http } from '../http.ts';
import { LruMap } from '../lru-map.ts';
import type { Media } from '../wire/media.ts';
import { LiveMedia } from './live-media.ts';
import type { MediaOptions } from './media.ts';
import { MediaSessions } from './media-sessions.ts';
import { MediaUrls } from './media-urls.ts';

/** Number of unwatched handles kept for the next request. */
const KEPT = 500;

/** Holds one handle for each media object in each conversation. */
export class MediaLibrary {
  readonly urls: MediaUrls;
  readonly #http: Http;
  readonly #feed: Feed;
  readonly #sessions: MediaSessions;
  readonly #handles = new LruMap<LiveMedia>(KEPT, (handle) => handle.isWatched);

  constructor(http: Http, feed: Feed) {
    this.#http = http;
    this.#feed = feed;
    this.urls = new MediaUrls(http);
    this.#sessions = new MediaSessions(http);
  }

  get(id: string, { conversationId, media }: MediaOptions = {}): LiveMedia {
    const key = `${conversationId ?? ''}/${id}`;
    const handle = this.#handles.get(key) ?? this.#create(key, id, conversationId);
    this.#handles.set(key, handle);
    if (media) handle.update(media);
    return handle;
  }

  update(media: Media): void {
    for (const handle of this.#handles.values())
      if (handle.id === media.media_object_id) handle.update(media);
  }

  #create(key: string, id: string, conversationId: string | undefined): LiveMedia {
    const handle: LiveMedia = new LiveMedia(id, {
      http: this.#http,
      urls: this.urls,
      session: conversationId === undefined ? undefined : this.#sessions.of(conversationId),
      hasEvents: () => conversationId !== undefined && this.#feed.isListenedTo(conversationId),
      // A handle that was dropped from the map receives changes again.
      onWatched: () => this.#handles.set(key, handle),
    });
    return handle;
  }
}
