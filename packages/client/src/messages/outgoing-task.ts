import { ClaimcheckError, cancelledError, toClaimcheckError } from '../claimcheck-error.ts';
import { Observable } from '../observable.ts';
import { isLoginOver, mayPass, retryUntilAborted, untilWorthRepeating } from '../retry.ts';
import type { Tokens } from '../tokens.ts';
import type { Upload } from '../uploads/upload.ts';
import type { Message, MessageType, PostMessage } from '../wire/conversation.ts';
import type { HostData } from '../wire/media.ts';
import type { OutgoingMessage, OutgoingSnapshot, OutgoingState } from './outgoing-message.ts';
import { type OutgoingItem, type OutgoingRecord, toPost } from './outgoing-record.ts';

export interface OutgoingContext {
  tokens: Tokens | undefined;
  save(record: OutgoingRecord): void;
  findUpload(id: string): Upload | undefined;
  /** Restarts a failed upload. */
  uploadAgain(upload: Upload): Upload;
  /** Returns why an upload did not continue after a reload. */
  resumeBlocker(uploadId: string): ClaimcheckError | undefined;
  post(conversationId: string, message: PostMessage, signal: AbortSignal): Promise<Message>;
  /** Sends a conversation's messages one after the other. */
  inTurn(task: OutgoingTask, action: () => Promise<Message>): Promise<Message>;
  /** Starts the upload again. */
  enqueue(task: OutgoingTask): void;
  onSent(message: Message): void;
  onEnd(task: OutgoingTask): void;
}

export class OutgoingTask extends Observable<OutgoingSnapshot> implements OutgoingMessage {
  readonly record: OutgoingRecord;
  readonly #context: OutgoingContext;
  readonly #stopped = new AbortController();
  /** Uploads by the position of their item. */
  readonly #uploads = new Map<number, Upload>();
  #sent = Promise.withResolvers<Message>();

  /** @param uploads of the items that need one, in order */
  constructor(record: OutgoingRecord, uploads: readonly (Upload | undefined)[], context: OutgoingContext) {
    super({ state: 'waiting', uploads: [] });
    this.record = record;
    this.#context = context;
    this.sent.catch(() => {});
    for (const [index, upload] of uploads.entries()) if (upload) this.#remember(index, upload);
  }

  get id(): string {
    return this.record.clientMessageId;
  }
  get conversationId(): string {
    return this.record.conversationId;
  }
  get type(): MessageType {
    return this.record.type;
  }
  get text(): string | undefined {
    return this.record.text;
  }
  get mediaObjectId(): string | undefined {
    return this.record.items[0]?.mediaObjectId ?? this.get().upload?.get().mediaObjectId;
  }
  get filename(): string | undefined {
    return this.record.items[0]?.filename;
  }
  get alt(): string | undefined {
    return this.record.items[0]?.alt;
  }
  get data(): HostData | undefined {
    return this.record.data;
  }
  get attachmentCount(): number {
    return this.record.items.length;
  }
  get afterSeq(): number | undefined {
    return this.record.afterSeq;
  }
  get createdAt(): string {
    return this.record.createdAt;
  }
  get state(): OutgoingState {
    return this.get().state;
  }
  get sent(): Promise<Message> {
    return this.#sent.promise;
  }

  /** Resolves when the message is sent, has failed or was discarded. */
  async run(): Promise<void> {
    const { signal } = this.#stopped;
    const { tokens } = this.#context;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const ids = this.#storedMedia() ?? (await this.#uploaded(signal));
        this.#end(await this.#context.inTurn(this, () => this.#post(ids, signal)));
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toClaimcheckError(thrown);
        if (error.code === 'message_deleted') {
          this.#endDeleted(error);
          return;
        }
        if (!mayPass(error, tokens) || this.get().uploads.some(hasFailed)) {
          this.#fail(error);
          return;
        }
        failures += 1;
        this.patch({ state: 'waiting', error });
        await untilWorthRepeating(error, failures, { signal, tokens });
      }
    }
  }

  /** Waits here for whatever prevents every message from being sent, so that later messages keep their order. */
  #post(ids: readonly string[], signal: AbortSignal): Promise<Message> {
    return retryUntilAborted(
      () => {
        signal.throwIfAborted();
        this.patch({ state: 'sending', error: undefined });
        return this.#context.post(this.conversationId, toPost(this.record, ids), signal);
      },
      {
        signal,
        tokens: this.#context.tokens,
        isWorthIt: concernsAll,
        onFailure: (error) => this.patch({ state: 'waiting', error }),
      },
    );
  }

  #end(message: Message): void {
    this.#context.onSent(message);
    this.patch({ state: 'sent', message, error: undefined });
    this.#sent.resolve(message);
    this.#context.onEnd(this);
  }

  /** An earlier attempt, whose answer was lost, sent it, and it was deleted since. */
  #endDeleted(error: ClaimcheckError): void {
    this.patch({ state: 'discarded', error: undefined });
    this.#sent.reject(error);
    this.#context.onEnd(this);
  }

  /** Stops, and leaves the message to the next client. */
  stop(): void {
    this.#stopped.abort();
  }

  retry(): void {
    if (this.state !== 'failed') return;
    this.#sent = Promise.withResolvers<Message>();
    this.sent.catch(() => {});
    this.patch({ state: 'waiting', error: undefined });
    for (const [index, upload] of this.#uploads.entries())
      if (hasFailed(upload)) this.#remember(index, this.#context.uploadAgain(upload));
    this.#context.enqueue(this);
  }

  async discard(): Promise<void> {
    if (this.state === 'sent' || this.state === 'discarded') return;
    this.#stopped.abort();
    this.patch({ state: 'discarded', error: undefined });
    this.#sent.reject(cancelledError());
    this.#context.onEnd(this);
    await Promise.all(this.get().uploads.map((upload) => upload.cancel()));
  }

  /** Known at once: a message keeps its place before those sent right after it. */
  #storedMedia(): string[] | undefined {
    const ids = this.record.items.map(({ mediaObjectId }, index) => {
      const upload = this.#uploads.get(index)?.get();
      return mediaObjectId ?? (upload?.state === 'done' ? upload.mediaObjectId : undefined);
    });
    return ids.includes(undefined) ? undefined : (ids as string[]);
  }

  async #uploaded(signal: AbortSignal): Promise<string[]> {
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(cancelledError()), { once: true }),
    );
    // An album may fail or be discarded before all of its uploads end.
    aborted.catch(() => {});
    const all = this.record.items.map(
      (item, index) => item.mediaObjectId ?? this.#uploadOf(item, index).done,
    );
    return Promise.race([Promise.all(all), aborted]);
  }

  #uploadOf({ uploadId = '' }: OutgoingItem, index: number): Upload {
    const upload = this.#uploads.get(index) ?? this.#context.findUpload(uploadId);
    if (upload === undefined)
      throw (
        this.#context.resumeBlocker(uploadId) ??
        new ClaimcheckError('file_missing', 'Its file has to be chosen again.', { retryable: false })
      );
    this.#remember(index, upload);
    return upload;
  }

  /** Stores the media object's id as soon as it is known, because the upload is then forgotten. */
  #remember(index: number, upload: Upload): void {
    const item = this.record.items[index];
    if (item === undefined) return;
    if (this.#uploads.get(index) !== upload) {
      this.#uploads.set(index, upload);
      const uploads = [...this.#uploads].sort(([a], [b]) => a - b).map(([, known]) => known);
      this.patch({ upload: uploads[0], uploads });
    }
    if (item.uploadId !== upload.id) {
      item.uploadId = upload.id;
      this.#context.save(this.record);
    }
    upload.done.then(
      (mediaObjectId) => {
        item.mediaObjectId = mediaObjectId;
        if (this.state !== 'sent' && this.state !== 'discarded') this.#context.save(this.record);
      },
      // The message's own error reports it.
      () => {},
    );
  }

  #fail(error: ClaimcheckError): void {
    this.patch({ state: 'failed', error });
    this.#sent.reject(error);
  }
}

export const hasFailed = (upload: Upload | undefined): boolean =>
  upload?.state === 'failed' || upload?.state === 'cancelled';

/** No network, service or login, or too many requests: any other message would fail in the same way. */
const concernsAll = (error: ClaimcheckError, tokens?: Tokens): boolean =>
  error.status === 0 || error.status === 429 || error.status >= 502 || isLoginOver(error, tokens);
