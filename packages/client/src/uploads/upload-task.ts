import { ClaimcheckError, cancelledError, toClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { Observable } from '../observable.ts';
import type { PreparedFile } from '../prepare/prepare-file.ts';
import { isLoginOver, untilWorthRepeating } from '../retry.ts';
import type { UploadQueue } from '../upload-queue.ts';
import { decideRetry, type Failures } from './decide-retry.ts';
import { TransferRate } from './transfer-rate.ts';
import type { Upload, UploadEvents, UploadProgress, UploadSnapshot, UploadState } from './upload.ts';
import { UploadSender } from './upload-sender.ts';
import type { UploadWork } from './upload-work.ts';

export interface UploadTaskContext {
  http: Http;
  queue: UploadQueue;
  maxFailuresInARow: number;
}

const ENDS: readonly UploadState[] = ['done', 'failed', 'cancelled'];

export class UploadTask extends Observable<UploadSnapshot> implements Upload {
  readonly #work: UploadWork;
  readonly #context: UploadTaskContext;
  readonly #created = Promise.withResolvers<string>();
  readonly #done = Promise.withResolvers<string>();
  readonly #rate = new TransferRate();
  readonly #sender: UploadSender;
  #running = new AbortController();
  #prepared: PreparedFile | undefined;
  #failures = { inARow: 0, renewals: 0 };
  #mostSent = 0;
  #hasRestarted = false;

  constructor(work: UploadWork, context: UploadTaskContext) {
    super({
      state: 'queued',
      progress: { sentBytes: 0, totalBytes: work.sizeBytes, bytesPerSecond: 0 },
    });
    this.#work = work;
    this.#context = context;
    this.#sender = new UploadSender(work, context.http);
    // The state shows a failure to callers that do not await these promises.
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
    if (this.state === 'cancelled') return;
    if (this.#isEnded()) {
      await this.#takeBack();
      return;
    }
    // A request whose answer was not awaited may have created it.
    const mayBeUnnamed = this.state !== 'queued' && this.#prepared !== undefined;
    this.#running.abort();
    this.#end('cancelled', cancelledError());
    const known = this.get().mediaObjectId;
    const id =
      known ?? (mayBeUnnamed && this.#prepared ? await this.#sender.nameOf(this.#prepared) : undefined);
    if (id !== undefined) await this.#context.http.request('DELETE', `/v1/media/${encodeURIComponent(id)}`);
  }

  /** Deletes what the server has of an upload that ended, unless a message refers to it. */
  async #takeBack(): Promise<void> {
    const { mediaObjectId } = this.get();
    if (mediaObjectId === undefined) return;
    try {
      await this.#context.http.request('DELETE', `/v1/media/${encodeURIComponent(mediaObjectId)}`);
    } catch (error) {
      if (!(error instanceof ClaimcheckError) || error.code !== 'media_referenced') throw error;
      return;
    }
    this.patch({ state: 'cancelled' });
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#attempt(signal);
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = await this.#reasonOf(thrown);
        if (signal.aborted) return;
        const isWaitingForLogin = isLoginOver(error, this.#context.http.tokens);
        if (!isWaitingForLogin) this.#failures.inARow += 1;
        const step = isWaitingForLogin ? 'later' : decideRetry(error, this.#failuresSoFar());
        if (
          step === 'fail' ||
          (step === 'smaller' && !this.#work.requestSize.shrink(this.progress.totalBytes))
        ) {
          this.#end('failed', error);
          return;
        }
        if (step === 'by-tus' || step === 'restart') await this.#startOver(step, error);
        if (step === 'renew') this.#failures.renewals += 1;
        if (step === 'later') await this.#wait(error, signal);
        if (signal.aborted) return;
      }
    }
  }

  /** Checks the file: one that cannot be read any longer makes requests fail as a missing network does. */
  async #reasonOf(thrown: unknown): Promise<ClaimcheckError> {
    try {
      await this.#work.assertReadable();
      return toClaimcheckError(thrown);
    } catch (better) {
      return toClaimcheckError(better);
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    const release = await this.#context.queue.acquire(this.#work.priority, signal);
    try {
      // Paused while it waited for its turn: the state stays.
      signal.throwIfAborted();
      const prepared = await this.#prepare(signal);
      signal.throwIfAborted();
      this.patch({ state: 'uploading' });
      this.#rate.restart();
      await this.#send(prepared, signal);
    } finally {
      release();
    }
  }

  /** Prepares the file once: later attempts send the same bytes. A preparation that a pause ended restarts. */
  async #prepare(signal: AbortSignal): Promise<PreparedFile> {
    if (this.#prepared !== undefined) return this.#prepared;
    this.patch({ state: 'preparing' });
    const prepared = await this.#work.prepare((placeholder) => this.patch({ placeholder }), signal);
    this.#prepared = prepared;
    this.patch({ progress: { ...this.progress, totalBytes: prepared.bytes.size } });
    return prepared;
  }

  async #send(prepared: PreparedFile, signal: AbortSignal): Promise<void> {
    await this.#sender.send(prepared, {
      signal,
      onName: (mediaObjectId, isCertain) => {
        this.patch({ mediaObjectId });
        if (isCertain) this.#created.resolve(mediaObjectId);
      },
      onProgress: (sent) => this.#report(sent, signal),
    });
    signal.throwIfAborted();
    this.#report(prepared.bytes.size, signal);
    this.#end('done');
  }

  /** Restarts the upload under another key, and ends the former one on the server. */
  async #startOver(step: 'by-tus' | 'restart', error: ClaimcheckError): Promise<void> {
    const { mediaObjectId = this.get().mediaObjectId } = error;
    if (error.code === 'storage_unreachable') this.#work.onStorageUnreachable();
    await this.#work.rotateKey(step);
    this.#sender.forget();
    this.#hasRestarted ||= step === 'restart';
    // An upload that cannot be ended now expires.
    if (step === 'by-tus' && mediaObjectId !== undefined)
      await this.#context.http.request('DELETE', `/v1/media/${mediaObjectId}`).catch(() => {});
  }

  async #wait(error: ClaimcheckError, signal: AbortSignal): Promise<void> {
    this.patch({ state: 'waiting', error });
    const { tokens } = this.#context.http;
    await untilWorthRepeating(error, this.#failures.inARow, { signal, tokens });
    if (!signal.aborted) this.patch({ state: 'queued' });
  }

  #failuresSoFar(): Failures {
    return {
      ...this.#failures,
      hasSentDirectly: this.#work.hasSentDirectly(),
      isByTus: this.#work.isByTus(),
      hasSent: this.#mostSent > 0,
      hasRestarted: this.#hasRestarted,
      maxInARow: this.#context.maxFailuresInARow,
    };
  }

  #report(sentBytes: number, signal: AbortSignal): void {
    if (signal.aborted) return;
    const totalBytes = this.progress.totalBytes;
    if (sentBytes > this.#mostSent) {
      this.#mostSent = sentBytes;
      this.#failures = { inARow: 0, renewals: 0 };
      // Before its first byte the upload may have to restart in another way, as another media object.
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
