import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { Lock, Locker } from '@tus/server';
import type { Acquired, Lease } from '../../media/uploads/upload-session.ts';
import type { UploadSessions } from '../../media/uploads/upload-sessions.ts';
import { TusError } from './tus-error.ts';
import type { UploadRequest, UploadRequests } from './upload-store.ts';

const GIVE_UP_MS = 5_000;
const ASK_AGAIN_MS = 40;
/** A holder that was asked this often without releasing may not know that it holds the lease. */
const LAST_QUESTION = JSON.stringify({ times: 10 });

interface Held {
  requestRelease: () => void;
  freed: Promise<void>;
  free: () => void;
}

/** Notifies a request that another one needs its upload, now or when it starts to read. */
export const releaser =
  (request: Pick<UploadRequest, 'releaseRequested' | 'onReleaseRequest'>) => (): void => {
    request.releaseRequested = true;
    request.onReleaseRequest?.();
  };

/**
 * Ensures one writer per upload, over any number of replicas: by a lease in the upload's row, without an open transaction. A
 * request that needs a held upload asks its holder, in this process or over the broker, to store its bytes and release the
 * lease. So a phone that reconnects does not wait for its old connection to end.
 */
export class UploadLocker implements Locker {
  readonly #sessions: UploadSessions;
  readonly #bus: Bus;
  readonly #requests: UploadRequests;
  readonly #held = new Map<string, Held>();

  constructor(sessions: UploadSessions, bus: Bus, requests: UploadRequests) {
    this.#sessions = sessions;
    this.#requests = requests;
    this.#bus = bus;
    const prefixLength = bus.subjects.uploadRelease('').length;
    bus.subscribe(bus.subjects.uploadRelease('*'), (data, subject) =>
      this.#onAsked(subject.slice(prefixLength), Buffer.from(data).toString()),
    );
  }

  #onAsked(uploadId: string, question: string): void {
    const held = this.#held.get(uploadId);
    if (held !== undefined) held.requestRelease();
    // The database was down when this process tried to release it: the row names it, but it holds nothing.
    else if (question === LAST_QUESTION) this.#sessions.disown(uploadId).catch(() => undefined);
  }

  /** Asks all requests of this process to store their bytes; resolves when all have done so. */
  async releaseAll(): Promise<void> {
    const held = [...this.#held.values()];
    for (const { requestRelease } of held) requestRelease();
    await Promise.all(held.map(({ freed }) => freed));
  }

  newLock(key: string): Lock {
    const request = this.#requests.get(key);
    return { lock: () => this.lock(request), unlock: () => this.unlock(request) };
  }

  /** Takes the lease for a request, unless it has it or needs none. */
  async lock(request: UploadRequest): Promise<void> {
    const { upload_id: uploadId, phase } = request.session;
    // An upload that this request has just created has its lease, or needs none; a finished one does not change.
    if (request.isNew && request.lease !== undefined) this.#hold(uploadId, releaser(request));
    if (request.lease !== undefined || request.isNew || phase === 'complete') return;
    const acquired = await this.acquire(uploadId, releaser(request));
    request.lease = acquired.lease;
    request.session = acquired.session;
  }

  /** Releases the lease of a request, if it has one. */
  async unlock(request: UploadRequest): Promise<void> {
    const { lease } = request;
    request.lease = undefined;
    if (lease === undefined) return;
    // Finished: the row has already released the lease.
    if (request.session.phase === 'complete') this.#held.get(lease.upload_id)?.free();
    else await this.release(lease);
  }

  /** Takes the lease of the caller's upload if it is free: the usual case, in one statement. */
  async acquireOwn(
    uploadId: string,
    userId: string,
    requestRelease: () => void,
  ): Promise<Acquired | undefined> {
    if (this.#held.has(uploadId)) return undefined;
    return this.#holding(uploadId, requestRelease, () => this.#sessions.acquireOwn(uploadId, userId));
  }

  /** @throws TusError `upload_locked` when its holder does not release it in time */
  async acquire(uploadId: string, requestRelease: () => void): Promise<Acquired> {
    const deadline = performance.now() + GIVE_UP_MS;
    for (let times = 1; performance.now() < deadline; times += 1) {
      const local = this.#held.get(uploadId);
      if (local !== undefined) {
        local.requestRelease();
        await Promise.race([local.freed, pause(deadline - performance.now())]);
        continue;
      }
      const acquired = await this.#holding(uploadId, requestRelease, () => this.#sessions.acquire(uploadId));
      if (acquired !== undefined) return acquired;
      this.#bus.announce(this.#bus.subjects.uploadRelease(uploadId), { times });
      await pause(ASK_AGAIN_MS);
    }
    throw new TusError('upload_locked');
  }

  /** From here on, this process's other requests wait for this one, unless the lease was not available. */
  async #holding(
    uploadId: string,
    requestRelease: () => void,
    acquire: () => Promise<Acquired | undefined>,
  ): Promise<Acquired | undefined> {
    const held = this.#hold(uploadId, requestRelease);
    try {
      const acquired = await acquire();
      if (acquired === undefined) held.free();
      return acquired;
    } catch (error) {
      held.free();
      throw error;
    }
  }

  async release(lease: Lease): Promise<void> {
    try {
      await this.#sessions.release(lease);
    } finally {
      this.#held.get(lease.upload_id)?.free();
    }
  }

  #hold(uploadId: string, requestRelease: () => void): Held {
    const { promise, resolve } = Promise.withResolvers<void>();
    const held: Held = {
      requestRelease,
      freed: promise,
      free: () => {
        if (this.#held.get(uploadId) === held) this.#held.delete(uploadId);
        resolve();
      },
    };
    this.#held.set(uploadId, held);
    return held;
  }
}
