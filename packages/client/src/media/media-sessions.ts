import { waitForRetry } from '../backoff.ts';
import { type ClaimcheckError, toClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { LruMap } from '../lru-map.ts';
import { Observable, type Readable } from '../observable.ts';
import { retryUntilAborted } from '../retry.ts';

interface MediaSessionAnswer {
  token: string;
  expires_at: string;
  refresh_at: string;
}

export interface MediaSessionSnapshot {
  /** The `?t=` of media URLs. Renewal keeps it, so that URLs already on a page stay valid. */
  token?: string | undefined;
  error?: ClaimcheckError | undefined;
}

/** Bounds the time until renewal: a wrong clock must cause neither constant requests nor a late one. */
const MIN_RENEWAL_MS = 30_000;
const MAX_RENEWAL_MS = 60 * 60_000;

/** Number of unwatched sessions kept. */
const KEPT = 100;

/** Keeps one session per conversation alive while it is watched. */
export class MediaSessions {
  readonly #http: Http;
  readonly #sessions = new LruMap<MediaSession>(KEPT, (session) => session.isWatched);

  constructor(http: Http) {
    this.#http = http;
  }

  of(conversationId: string): MediaSession {
    const session = this.#sessions.get(conversationId) ?? new MediaSession(this.#http, conversationId);
    this.#sessions.set(conversationId, session);
    return session;
  }
}

export class MediaSession implements Readable<MediaSessionSnapshot> {
  readonly #http: Http;
  readonly #conversationId: string;
  readonly #state = new Observable<MediaSessionSnapshot>({});
  #stop: AbortController | undefined;
  #refreshAt = 0;

  constructor(http: Http, conversationId: string) {
    this.#http = http;
    this.#conversationId = conversationId;
  }

  readonly get = (): MediaSessionSnapshot => this.#state.get();

  readonly subscribe = (listener: () => void): (() => void) => {
    const unsubscribe = this.#state.subscribe(listener);
    if (this.#stop === undefined) {
      this.#stop = new AbortController();
      void this.#keepAlive(this.#stop.signal);
    }
    return () => {
      unsubscribe();
      if (this.#state.isWatched) return;
      this.#stop?.abort();
      this.#stop = undefined;
    };
  };

  get isWatched(): boolean {
    return this.#state.isWatched;
  }

  /** Renews at once, because a URL with the token did not load. */
  async renew(): Promise<void> {
    const session = await this.#http.request<MediaSessionAnswer>('POST', '/v1/media/session', {
      conversation_id: this.#conversationId,
    });
    this.#refreshAt = Date.parse(session.refresh_at);
    if (session.token !== this.get().token || this.get().error) this.#state.set({ token: session.token });
  }

  async #keepAlive(signal: AbortSignal): Promise<void> {
    const { tokens } = this.#http;
    const onFailure = (error: ClaimcheckError) => this.#state.patch({ error });
    try {
      while (!signal.aborted) {
        if (this.#refreshAt <= Date.now())
          await retryUntilAborted(() => this.renew(), { signal, tokens, onFailure });
        const due = Math.min(Math.max(this.#refreshAt - Date.now(), MIN_RENEWAL_MS), MAX_RENEWAL_MS);
        await waitForRetry(due, signal);
      }
    } catch (error) {
      if (!signal.aborted) onFailure(toClaimcheckError(error));
    }
  }
}
