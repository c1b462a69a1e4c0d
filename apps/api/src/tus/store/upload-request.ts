import type { IncomingMessage } from 'node:http';
import type { Lease } from '../../media/uploads/lease.ts';
import type { UploadSession } from '../../media/uploads/upload-session.ts';
import type { ExpectedChecksum } from './checksum.ts';

/** One request about an upload: data that @tus/server does not pass from the route to locker and store. */
export interface UploadRequest {
  /** Its body is read from here, without web streams. */
  request: IncomingMessage;
  /** The session under the lease; before that, as the route read it. */
  session: UploadSession;
  lease?: Lease | undefined;
  /** Created by this request: no other request knows its id yet. */
  isNew: boolean;
  checksum?: ExpectedChecksum | undefined;
  /** The body's end is the end of an upload of unknown length (IETF draft). */
  endsUpload?: boolean;
  /** Called with the offset after each commit. */
  onCommitted?: ((offset: number) => void) | undefined;
  /** Called when another request needs this upload. */
  onReleaseRequest?: (() => void) | undefined;
  /** Another request asked before the body was read. */
  releaseRequested?: boolean;
}

/**
 * Current requests, each under a separate key. For @tus/server the key is the id of the upload, which it passes to locker and
 * store.
 */
export class UploadRequests {
  readonly #underWay = new Map<string, UploadRequest>();
  #last = 0;

  /** Runs `work` with the key of a request. */
  async during<Result>(request: UploadRequest, work: (key: string) => Promise<Result>): Promise<Result> {
    this.#last += 1;
    const key = String(this.#last);
    this.#underWay.set(key, request);
    try {
      return await work(key);
    } finally {
      this.#underWay.delete(key);
    }
  }

  /** @throws outside of {@link during} */
  get(key: string): UploadRequest {
    const request = this.#underWay.get(key);
    if (request === undefined) throw new Error('an upload was touched outside of its request');
    return request;
  }
}
