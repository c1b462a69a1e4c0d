import { backoffMs, waitForRetry } from '../backoff.ts';
import { type ClaimcheckError, cancelledError, toClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { Observable } from '../observable.ts';
import type { PreparedFile } from '../prepare/prepare-file.ts';
import type { UploadProtocol } from '../wire/upload.ts';
import { authorizeUpload, metadataOf, type UploadDescription } from './authorize-upload.ts';
import { type Failures, nextStep } from './next-step.ts';
import { sendByTus } from './send-by-tus.ts';
import { transfer } from './transfer.ts';
import { TransferRate } from './transfer-rate.ts';
import type {
  Placeholder,
  Upload,
  UploadEvents,
  UploadProgress,
  UploadSnapshot,
  UploadState,
} from './upload.ts';
import type { UploadQueue } from './upload-queue.ts';

export interface UploadWork {
  id: string;
  /** `client_media_id`: differs from `id` when an upload from before a reload is continued. */
  key: () => Promise<string>;
  filename: string;
  contentType: string;
  sizeBytes: number;
  conversationId: string | undefined;
  alt: string | undefined;
  priority: number;
  protocols: () => UploadProtocol[];
  prepare: (onPlaceholder: (placeholder: Placeholder) => void, signal: AbortSignal) => Promise<PreparedFile>;
  /** Told when the storage can't be reached from here, so that others need not find out as well. */
  onStorageUnreachable: () => void;
  /** Whether bytes ever reached the storage directly. */
  hasSentDirectly: () => boolean;
  onSentDirectly: () => void;
  /** Called once, when nothing more will happen. */
  onEnd: (state: 'done' | 'failed' | 'cancelled') => void;
}

export interface UploadTaskContext {
  http: Http;
  queue: UploadQueue;
  maxFailuresInARow: number;
}

const ENDS: readonly UploadState[] = ['done', 'failed', 'cancelled'];
/** Appended to the key of an upload that begins anew through the api: a key stays with its protocol. */
const BY_TUS = '.tus';

export class UploadTask extends Observable<UploadSnapshot> implements Upload {
  readonly #work: UploadWork;
  readonly #context: UploadTaskContext;
  readonly #created = Promise.withResolvers<string>();
  readonly #done = Promise.withResolvers<string>();
  readonly #rate = new TransferRate();
  #running = new AbortController();
  #prepared: PreparedFile | undefined;
  #failures = { inARow: 0, renewals: 0 };
  #mostSent = 0;
  #isByTus = false;
  #tusUrl: string | undefined;

  constructor(work: UploadWork, context: UploadTaskContext) {
    super({
      state: 'queued',
      progress: { sentBytes: 0, totalBytes: work.sizeBytes, bytesPerSecond: 0 },
    });
    this.#work = work;
    this.#context = context;
    // Whoever does not wait for these learns of a failure from the state.
    this.created.catch(() => {});
    this.done.catch(() => {});
  }

  get id(): string {
    return this.#work.id;
  }
  get filename(): string {
    return this.#work.filename;
  }
  get contentType(): string {
    return this.#work.contentType;
  }
  get sizeBytes(): number {
    return this.#work.sizeBytes;
  }
  get conversationId(): string | undefined {
    return this.#work.conversationId;
  }
  get state(): UploadState {
    return this.get().state;
  }
  get progress(): UploadProgress {
    return this.get().progress;
  }
  get created(): Promise<string> {
    return this.#created.promise;
  }
  get done(): Promise<string> {
    return this.#done.promise;
  }

  on<Type extends keyof UploadEvents>(type: Type, listener: (value: UploadEvents[Type]) => void): () => void {
    let last: UploadSnapshot[Type] = this.get()[type];
    return this.subscribe(() => {
      const value: UploadSnapshot[Type] = this.get()[type];
      if (value === last) return;
      last = value;
      if (value !== undefined) listener(value as UploadEvents[Type]);
    });
  }

  start(): void {
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  pause(): void {
    if (this.#isEnded() || this.state === 'paused') return;
    this.#running.abort();
    this.patch({ state: 'paused' });
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.patch({ state: 'queued', error: undefined });
    this.#failures = { inARow: 0, renewals: 0 };
    this.start();
  }

  async cancel(): Promise<void> {
    if (this.#isEnded()) return;
    this.#running.abort();
    this.#end('cancelled', cancelledError());
    const { mediaObjectId } = this.get();
    if (mediaObjectId !== undefined)
      await this.#context.http.request('DELETE', `/v1/media/${encodeURIComponent(mediaObjectId)}`);
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#attempt(signal);
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toClaimcheckError(thrown);
        this.#failures.inARow += 1;
        const step = nextStep(error, this.#failuresSoFar());
        if (step === 'fail') {
          this.#end('failed', error);
          return;
        }
        if (step === 'by-tus') await this.#beginByTus();
        if (step === 'renew') this.#failures.renewals += 1;
        if (step === 'later') await this.#wait(error, signal);
        if (signal.aborted) return;
      }
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    const release = await this.#context.queue.acquire(this.#work.priority, signal);
    try {
      const prepared = await this.#prepare(signal);
      signal.throwIfAborted();
      this.patch({ state: 'uploading' });
      this.#rate.restart();
      await this.#send(prepared, signal);
    } finally {
      release();
    }
  }

  /** Once: a second attempt sends the same. What a pause has ended begins anew. */
  async #prepare(signal: AbortSignal): Promise<PreparedFile> {
    if (this.#prepared !== undefined) return this.#prepared;
    this.patch({ state: 'preparing' });
    const prepared = await this.#work.prepare((placeholder) => this.patch({ placeholder }), signal);
    this.#prepared = prepared;
    return prepared;
  }

  async #send(prepared: PreparedFile, signal: AbortSignal): Promise<void> {
    const { http } = this.#context;
    const description = await this.#describe(prepared);
    const context = {
      http,
      bytes: prepared.bytes,
      signal,
      onProgress: (sent: number) => this.#report(sent, signal),
    };
    const authorization = await authorizeUpload(http, description, signal);
    if (authorization) {
      const { media, upload } = authorization;
      this.#name(media.media_object_id);
      const isDirect = upload.protocol === 'put' || upload.protocol === 'multipart';
      if (isDirect && prepared.bytes.size > 0) this.#directFrom(context);
      await transfer(upload, context);
    } else {
      await sendByTus(
        {
          endpoint: new URL('/v1/uploads', http.baseUrl).href,
          metadata: metadataOf(description),
          headers: {},
          uploadUrl: this.#tusUrl,
          onUploadUrl: (url) => this.#nameByUrl(url),
        },
        context,
      );
    }
    signal.throwIfAborted();
    const { mediaObjectId } = this.get();
    if (mediaObjectId === undefined) throw new Error('the upload has no name');
    this.#report(description.sizeBytes, signal);
    this.#end('done');
  }

  /** The first byte that goes directly shows that it is possible. */
  #directFrom(context: { onProgress: (sent: number) => void }): void {
    const report = context.onProgress;
    context.onProgress = (sent) => {
      if (sent > 0) this.#work.onSentDirectly();
      report(sent);
    };
  }

  async #describe({ bytes, placeholder, sha256 }: PreparedFile): Promise<UploadDescription> {
    const key = await this.#work.key();
    return {
      clientMediaId: this.#isByTus ? key + BY_TUS : key,
      filename: this.filename,
      contentType: this.contentType,
      sizeBytes: bytes.size,
      conversationId: this.conversationId,
      alt: this.#work.alt,
      placeholder,
      sha256,
      protocols: this.#isByTus ? ['tus'] : this.#work.protocols(),
    };
  }

  /** The storage refuses to talk to us: what was begun there is ended, and all goes through the api. */
  async #beginByTus(): Promise<void> {
    this.#work.onStorageUnreachable();
    this.#isByTus = true;
    const { mediaObjectId } = this.get();
    // What can't be ended now ends by itself.
    if (mediaObjectId !== undefined)
      await this.#context.http.request('DELETE', `/v1/media/${mediaObjectId}`).catch(() => {});
  }

  async #wait(error: ClaimcheckError, signal: AbortSignal): Promise<void> {
    this.patch({ state: 'waiting', error });
    await waitForRetry(Math.max(backoffMs(this.#failures.inARow), error.retryAfterMs ?? 0), signal);
    if (!signal.aborted) this.patch({ state: 'queued' });
  }

  #failuresSoFar(): Failures {
    return {
      ...this.#failures,
      hasSentDirectly: this.#work.hasSentDirectly(),
      maxInARow: this.#context.maxFailuresInARow,
    };
  }

  #nameByUrl(url: string): void {
    this.#tusUrl = url;
    const id = new URL(url).pathname.split('/').at(-1);
    if (id) this.#name(id);
  }

  #name(mediaObjectId: string): void {
    this.patch({ mediaObjectId });
  }

  #report(sentBytes: number, signal: AbortSignal): void {
    if (signal.aborted) return;
    const totalBytes = this.progress.totalBytes;
    if (sentBytes > this.#mostSent) {
      this.#mostSent = sentBytes;
      this.#failures = { inARow: 0, renewals: 0 };
      // Before the first byte it may turn out that it has to begin anew in another way, as something else.
      this.#created.resolve(this.get().mediaObjectId ?? '');
    }
    this.#rate.add(sentBytes, performance.now());
    const { bytesPerSecond } = this.#rate;
    const remainingMs = this.#rate.remainingMs(totalBytes - sentBytes);
    this.patch({ progress: { sentBytes, totalBytes, bytesPerSecond, remainingMs }, error: undefined });
  }

  #end(state: 'done' | 'failed' | 'cancelled', error?: ClaimcheckError): void {
    this.patch({ state, error });
    if (error) {
      this.#created.reject(error);
      this.#done.reject(error);
    } else {
      const { mediaObjectId = '' } = this.get();
      this.#created.resolve(mediaObjectId);
      this.#done.resolve(mediaObjectId);
    }
    this.#work.onEnd(state);
  }

  #isEnded(): boolean {
    return ENDS.includes(this.state);
  }
}
