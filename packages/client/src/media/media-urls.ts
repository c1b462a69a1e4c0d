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

/** Most items in one request. A page of messages needs all its pictures at once; larger requests are split. */
const BATCH_SIZE = 50;
const MOST_KEPT = 1_000;
/** Shortest time for which a URL is used, however wrong this device's clock is. */
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
 * Plain URLs for `<img>` and `<video>`. They are kept until renewal is due; URLs wanted in the same moment share one
 * request.
 */
export class MediaUrls {
  readonly #http: Http;
  readonly #known = new LruMap<KnownUrl>(MOST_KEPT);
  #waiting: Waiting[] = [];

  constructor(http: Http) {
    this.#http = http;
  }

  /** Answers for each item: a URL, or the problem document that says why there is none. */
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
    // A refusal is not kept: the picture may still be in the making.
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
