import type { Problem } from '@claimcheck/contracts/errors';
import { errorOfCode, errorOfProblem } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { LruMap } from '../lru-map.ts';
import type { Quality } from '../wire/media.ts';

export interface MediaUrlRequest {
  id: string;
  quality: Quality;
}

/** Times are ISO 8601. */
export interface MediaUrl extends MediaUrlRequest {
  url: string;
  expires_at: string;
  refresh_at: string;
}

export interface MediaUrlRefusal extends MediaUrlRequest {
  error: Problem;
}

/** A page of messages asks for its pictures at once; larger requests are split. */
const BATCH_SIZE = 50;
const MOST_KEPT = 1_000;
/** However wrong this device's clock is, a URL is good for this long. */
const GOOD_FOR_MS = 30_000;

interface KnownUrl {
  wanted: Promise<MediaUrl>;
  at: number;
}

interface Waiting extends MediaUrlRequest {
  resolve: (url: MediaUrl) => void;
  reject: (error: unknown) => void;
}

/**
 * Plain URLs for `<img>` and `<video>`: kept until they are due for renewal, and asked for together with
 * all others that are wanted in the same moment.
 */
export class MediaUrls {
  readonly #http: Http;
  readonly #known = new LruMap<KnownUrl>(MOST_KEPT);
  #waiting: Waiting[] = [];

  constructor(http: Http) {
    this.#http = http;
  }

  /** Answers for all items: a URL, or the problem document that says why there is none. */
  async request(items: readonly MediaUrlRequest[]): Promise<(MediaUrl | MediaUrlRefusal)[]> {
    const answer = await this.#http.request<{ items: (MediaUrl | MediaUrlRefusal)[] }>(
      'POST',
      '/v1/media/urls',
      { items },
    );
    return answer.items;
  }

  /** `fresh` asks the server even if a URL is known. Rejects with ClaimcheckError. */
  async get(id: string, quality: Quality, { fresh = false } = {}): Promise<MediaUrl> {
    const key = `${id}/${quality}`;
    const kept = fresh ? undefined : this.#known.get(key);
    const known = await kept?.wanted.catch(() => undefined);
    const isYoung = kept !== undefined && performance.now() - kept.at < GOOD_FOR_MS;
    if (known && (isYoung || Date.parse(known.refresh_at) > Date.now())) return known;
    const wanted = this.#enqueue({ id, quality });
    this.#known.set(key, { wanted, at: performance.now() });
    // A refusal is not remembered: it may be about a picture that is still being made.
    wanted.catch(() => {
      if (this.#known.get(key)?.wanted === wanted) this.#known.delete(key);
    });
    return wanted;
  }

  #enqueue(item: MediaUrlRequest): Promise<MediaUrl> {
    if (this.#waiting.length === 0) setTimeout(() => void this.#flush(), 0);
    return new Promise((resolve, reject) => this.#waiting.push({ ...item, resolve, reject }));
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < waiting.length; start += BATCH_SIZE) {
      await this.#ask(waiting.slice(start, start + BATCH_SIZE));
    }
  }

  async #ask(batch: Waiting[]): Promise<void> {
    try {
      const answers = await this.request(batch.map(({ id, quality }) => ({ id, quality })));
      for (const { id, quality, resolve, reject } of batch) {
        const answer = answers.find((item) => item.id === id && item.quality === quality);
        if (answer && 'url' in answer) resolve(answer);
        else reject(answer ? errorOfProblem(answer.error) : errorOfCode('internal'));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
