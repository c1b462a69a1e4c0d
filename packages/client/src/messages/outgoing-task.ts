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
  /** Makes an album's item, which has failed for good, a message of its own. */
  splitOff(task: OutgoingTask, item: OutgoingItem, upload: Upload | undefined): void;
  onSent(message: Message): void;
  onEnd(task: OutgoingTask): void;
}

export class OutgoingTask extends Observable<OutgoingSnapshot> implements OutgoingMessage {
  readonly record: OutgoingRecord;
  readonly #context: OutgoingContext;
  readonly #stopped = new AbortController();
  readonly #uploads = new Map<OutgoingItem, Upload>();
  #sent = Promise.withResolvers<Message>();

  /** @param uploads of the items that need one, in order */
  constructor(record: OutgoingRecord, uploads: readonly (Upload | undefined)[], context: OutgoingContext) {
    super({ state: 'waiting', uploads: [] });
    this.record = record;
    this.#context = context;
    this.sent.catch(() => {});
    for (const [index, item] of record.items.entries()) this.#remember(item, uploads[index]);
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
        if (!this.#isStored()) await this.#uploaded(signal);
        this.#end(await this.#context.inTurn(this, () => this.#post(signal)));
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
  #post(signal: AbortSignal): Promise<Message> {
    return retryUntilAborted(
      () => {
        signal.throwIfAborted();
        this.patch({ state: 'sending', error: undefined });
        return this.#context.post(this.conversationId, toPost(this.record), signal);
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
    for (const [item, upload] of this.#uploads)
      if (hasFailed(upload)) this.#remember(item, this.#context.uploadAgain(upload));
    this.#context.enqueue(this);
  }

  async discard(): Promise<void> {
    if (this.#isOver()) return;
    this.#stopped.abort();
    this.patch({ state: 'discarded', error: undefined });
    this.#sent.reject(cancelledError());
    this.#context.onEnd(this);
    await Promise.all(this.get().uploads.map((upload) => upload.cancel()));
  }

  /** Known at once: a message keeps its place before those sent right after it. */
  #isStored(): boolean {
    for (const item of this.record.items) {
      const upload = this.#uploads.get(item)?.get();
      if (upload?.state === 'done') item.mediaObjectId ??= upload.mediaObjectId;
    }
    return this.record.items.every(({ mediaObjectId }) => mediaObjectId !== undefined);
  }

  /** Waits until each upload has ended. Items that failed for good leave an album, so that it is sent without them. */
  async #uploaded(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(cancelledError()), { once: true }),
    );
    const failures = new Map<OutgoingItem, unknown>();
    const waits = this.record.items.map(async (item) => {
      try {
        item.mediaObjectId ??= await this.#uploadOf(item).done;
      } catch (error) {
        failures.set(item, error);
      }
    });
    await Promise.race([Promise.all(waits), aborted]);
    const { items } = this.record;
    const isLost = (item: OutgoingItem) =>
      failures.has(item) &&
      (hasFailed(this.#uploads.get(item)) ||
        !mayPass(toClaimcheckError(failures.get(item)), this.#context.tokens));
    if (!items.every(isLost))
      for (const item of items.filter(isLost)) {
        this.#context.splitOff(this, item, this.#uploads.get(item));
        this.#drop(item);
      }
    for (const item of this.record.items) if (failures.has(item)) throw failures.get(item);
  }

  #uploadOf(item: OutgoingItem): Upload {
    const { uploadId = '' } = item;
    const upload = this.#uploads.get(item) ?? this.#context.findUpload(uploadId);
    if (upload === undefined)
      throw (
        this.#context.resumeBlocker(uploadId) ??
        new ClaimcheckError('file_missing', 'Its file has to be chosen again.', { retryable: false })
      );
    this.#remember(item, upload);
    return upload;
  }

  /** Stores the media object's id as soon as it is known, because the upload is then forgotten. */
  #remember(item: OutgoingItem, upload: Upload | undefined): void {
    if (upload === undefined || this.#uploads.get(item) === upload) return;
    this.#uploads.set(item, upload);
    this.#showUploads();
    if (item.uploadId !== upload.id) {
      item.uploadId = upload.id;
      this.#save();
    }
    upload.done.then(
      (mediaObjectId) => {
        item.mediaObjectId = mediaObjectId;
        this.#save();
      },
      // The message's own error reports it.
      () => {},
    );
    upload.subscribe(() => {
      if (upload.state === 'cancelled' && this.#uploads.get(item) === upload) this.#drop(item);
    });
  }

  /** Takes an item out of an album. The last one stays: without it there is no message. */
  #drop(item: OutgoingItem): void {
    const left = this.record.items.filter((other) => other !== item);
    if (left.length === 0 || this.#isOver()) return;
    this.record.items = left;
    this.#uploads.delete(item);
    this.#showUploads();
    this.#save();
  }

  #showUploads(): void {
    const uploads = this.record.items.flatMap((item) => this.#uploads.get(item) ?? []);
    this.patch({ upload: uploads[0], uploads });
  }

  #save(): void {
    if (!this.#isOver()) this.#context.save(this.record);
  }

  #isOver(): boolean {
    return this.state === 'sent' || this.state === 'discarded';
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
