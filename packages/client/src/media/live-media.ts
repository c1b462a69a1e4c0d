import { backoffMs, waitForRetry } from '../backoff.ts';
import { type ClaimcheckError, cancelledError, toClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { Observable } from '../observable.ts';
import { retryUntilAborted } from '../retry.ts';
import { isSettled, type Media, type Quality } from '../wire/media.ts';
import { availableQualities, elementUrls, isPlaylist } from './element-urls.ts';
import type { MediaElementUrls, MediaHandle, MediaSnapshot } from './media.ts';
import type { MediaSession } from './media-sessions.ts';
import type { MediaUrl, MediaUrls } from './media-urls.ts';

const LONG_POLL_SECONDS = 25;
/** Shortest interval between checks for expiring and missing URLs. */
const MIN_RENEWAL_MS = 30_000;

interface Context {
  http: Http;
  urls: MediaUrls;
  /** The conversation that shows the media object. */
  session: MediaSession | undefined;
  /** Whether events report its changes, so that no polling is needed. */
  hasEvents: () => boolean;
  onWatched?: () => void;
}

export class LiveMedia implements MediaHandle {
  readonly id: string;
  readonly #context: Context;
  readonly #state = new Observable<MediaSnapshot>({ urls: {} });
  #stop: AbortController | undefined;

  constructor(id: string, context: Context) {
    this.id = id;
    this.#context = context;
  }

  readonly get = (): MediaSnapshot => this.#state.get();

  readonly subscribe = (listener: () => void): (() => void) => {
    const unsubscribe = this.#state.subscribe(listener);
    if (this.#stop === undefined) this.#start();
    return () => {
      unsubscribe();
      if (this.#state.isWatched) return;
      this.#stop?.abort();
      this.#stop = undefined;
    };
  };

  async load(): Promise<Media> {
    const media = await this.#ask('');
    return this.get().media ?? media;
  }

  url(quality: Quality, options?: { fresh?: boolean }): Promise<MediaUrl> {
    return this.#context.urls.get(this.id, quality, options);
  }

  async renew(): Promise<void> {
    const { session } = this.#context;
    if (session) await session.renew();
    else await this.#signUrls(true);
  }

  async settled(signal: AbortSignal = new AbortController().signal): Promise<Media> {
    const { tokens } = this.#context.http;
    for (;;) {
      if (signal.aborted) throw cancelledError();
      const media = await retryUntilAborted(() => this.#poll(signal), { signal, tokens });
      if (isSettled(media)) return media;
    }
  }

  /** Takes the description with the higher `rev`; the same one may arrive again. */
  update(media: Media): void {
    const current = this.get().media;
    if (current && media.rev <= current.rev) return;
    const { session } = this.#context;
    this.#state.patch({
      media,
      error: undefined,
      ...(session ? { urls: elementUrls(media, session.get().token) } : {}),
    });
    // The keeper of the URLs retries what fails here.
    if (!session && this.#stop) this.#signUrls(false).catch(() => {});
  }

  get isWatched(): boolean {
    return this.#state.isWatched;
  }

  /** Deletes the media object. Repeatable. Rejects with `media_referenced` while a message refers to it. */
  async delete(): Promise<void> {
    await this.#context.http.request('DELETE', `/v1/media/${encodeURIComponent(this.id)}`);
  }

  #start(): void {
    this.#context.onWatched?.();
    const stop = new AbortController();
    this.#stop = stop;
    const { session } = this.#context;
    const leaveSession = session?.subscribe(() => this.#takeToken(session));
    stop.signal.addEventListener('abort', () => leaveSession?.());
    if (session) this.#takeToken(session);
    void this.#followChanges(stop.signal);
    if (!session) void this.#keepUrls(stop.signal);
  }

  #takeToken(session: MediaSession): void {
    const { media, urls } = this.get();
    const { token, error } = session.get();
    if (error && !error.retryable) this.#state.patch({ error });
    if (media) this.#state.patch({ urls: sameOr(urls, elementUrls(media, token)) });
  }

  async #followChanges(signal: AbortSignal): Promise<void> {
    const { http, hasEvents } = this.#context;
    const onFailure = (error: ClaimcheckError) => this.#state.patch({ error });
    while (!signal.aborted) {
      const { media } = this.get();
      if (media && (isSettled(media) || hasEvents())) return;
      try {
        await retryUntilAborted(() => this.#poll(signal), { signal, tokens: http.tokens, onFailure });
      } catch (error) {
        if (!signal.aborted) onFailure(toClaimcheckError(error));
        return;
      }
    }
  }

  /** Waits for a change; asks at once while nothing is known. */
  #poll(signal: AbortSignal): Promise<Media> {
    const { media } = this.get();
    return this.#ask(media ? `?wait=${LONG_POLL_SECONDS}&after_rev=${media.rev}` : '', signal);
  }

  /** Renews signed URLs before they expire. */
  async #keepUrls(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      let delayMs: number;
      try {
        const refreshAt = await this.#signUrls(false);
        delayMs = Math.max(refreshAt - Date.now(), MIN_RENEWAL_MS);
        failures = 0;
      } catch {
        failures += 1;
        delayMs = backoffMs(failures);
      }
      await waitForRetry(delayMs, signal);
    }
  }

  /** Resolves with the time of the first renewal, or 0 without any. A failure keeps the previous URLs. */
  async #signUrls(fresh: boolean): Promise<number> {
    const { media } = this.get();
    if (media === undefined) return 0;
    const answers = await Promise.allSettled(
      availableQualities(media).map((quality) => this.url(quality, { fresh })),
    );
    const signed = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const [first] = answers;
    if (signed.length === 0 && first?.status === 'rejected') throw first.reason;
    const urls = signed.map(({ quality, url }) => [isPlaylist(media, quality) ? 'hls' : quality, url]);
    this.#state.patch({ urls: sameOr(this.get().urls, Object.fromEntries(urls)) });
    return signed.length === 0 ? 0 : Math.min(...signed.map(({ refresh_at }) => Date.parse(refresh_at)));
  }

  async #ask(query: string, signal?: AbortSignal): Promise<Media> {
    const path = `/v1/media/${encodeURIComponent(this.id)}${query}`;
    const media = await this.#context.http.request<Media>('GET', path, undefined, { signal });
    this.update(media);
    return media;
  }
}

const sameOr = (current: MediaElementUrls, next: MediaElementUrls): MediaElementUrls =>
  JSON.stringify(current) === JSON.stringify(next) ? current : next;
