import { ClaimcheckError, cancelledError, toClaimcheckError } from '../claimcheck-error.ts';
import { Observable } from '../observable.ts';
import { isLoginOver, mayPass, retryUntilAborted, untilWorthRepeating } from '../retry.ts';
import type { Tokens } from '../tokens.ts';
import type { Upload } from '../uploads/upload.ts';
import type { Message, MessageType, PostMessage } from '../wire/conversation.ts';
import type { MediaKind } from '../wire/media.ts';
import type { OutgoingMessage, OutgoingSnapshot, OutgoingState } from './outgoing-message.ts';

/** What is kept of a message until it is sent. */
export interface OutgoingRecord {
  /** Its place among the messages of this client, then its `client_message_id`. */
  id: string;
  /** In which it was sent. */
  tab: string;
  clientMessageId: string;
  conversationId: string;
  type: MessageType;
  /** Forwarded by its id: the media object says what it is. */
  isTypeUnknown?: boolean | undefined;
  text: string | undefined;
  uploadId: string | undefined;
  mediaObjectId: string | undefined;
  filename: string | undefined;
  alt: string | undefined;
  /** Missing in records of earlier versions. */
  afterSeq?: number | undefined;
  createdAt: string;
}

export interface OutgoingContext {
  tokens: Tokens | undefined;
  save(record: OutgoingRecord): void;
  findUpload(id: string): Upload | undefined;
  /** Begins once more what has failed. */
  uploadAgain(upload: Upload): Upload;
  /** Why an upload did not go on after a reload. */
  obstacleTo(uploadId: string): ClaimcheckError | undefined;
  kindOf(mediaObjectId: string, signal: AbortSignal): Promise<MediaKind>;
  post(conversationId: string, message: PostMessage, signal: AbortSignal): Promise<Message>;
  /** Sends one message of a conversation after the other, in the order in which they can be sent. */
  inTurn(task: OutgoingTask, action: () => Promise<Message>): Promise<Message>;
  /** Starts it again. */
  enqueue(task: OutgoingTask): void;
  onSent(message: Message): void;
  onEnd(task: OutgoingTask): void;
}

export class OutgoingTask extends Observable<OutgoingSnapshot> implements OutgoingMessage {
  readonly record: OutgoingRecord;
  readonly #context: OutgoingContext;
  readonly #stopped = new AbortController();
  #sent = Promise.withResolvers<Message>();

  constructor(record: OutgoingRecord, upload: Upload | undefined, context: OutgoingContext) {
    super({ state: 'waiting', upload });
    this.record = record;
    this.#context = context;
    this.sent.catch(() => {});
    if (upload) this.#remember(upload);
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
    return this.record.mediaObjectId ?? this.get().upload?.get().mediaObjectId;
  }
  get filename(): string | undefined {
    return this.record.filename;
  }
  get alt(): string | undefined {
    return this.record.alt;
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
        const mediaObjectId = this.#storedMedia() ?? (await this.#uploaded(signal));
        await this.#learnType(mediaObjectId, signal);
        this.#end(await this.#context.inTurn(this, () => this.#post(mediaObjectId, signal)));
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toClaimcheckError(thrown);
        if (error.code === 'message_deleted') {
          this.#endDeleted(error);
          return;
        }
        if (!mayPass(error, tokens) || hasFailed(this.get().upload)) {
          this.#fail(error);
          return;
        }
        failures += 1;
        this.patch({ state: 'waiting', error });
        await untilWorthRepeating(error, failures, { signal, tokens });
      }
    }
  }

  /** What keeps every message from being sent is waited for here, so that the messages behind keep their order. */
  #post(mediaObjectId: string | undefined, signal: AbortSignal): Promise<Message> {
    return retryUntilAborted(
      () => {
        signal.throwIfAborted();
        this.patch({ state: 'sending', error: undefined });
        return this.#context.post(this.conversationId, this.#toPost(mediaObjectId), signal);
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

  /** An attempt whose answer was lost had sent it, and it was deleted since. */
  #endDeleted(error: ClaimcheckError): void {
    this.patch({ state: 'discarded', error: undefined });
    this.#sent.reject(error);
    this.#context.onEnd(this);
  }

  /** Leaves it as it is, for whoever comes next. */
  stop(): void {
    this.#stopped.abort();
  }

  retry(): void {
    if (this.state !== 'failed') return;
    this.#sent = Promise.withResolvers<Message>();
    this.sent.catch(() => {});
    this.patch({ state: 'waiting', error: undefined });
    const { upload } = this.get();
    if (upload && hasFailed(upload)) this.#remember(this.#context.uploadAgain(upload));
    this.#context.enqueue(this);
  }

  async discard(): Promise<void> {
    if (this.state === 'sent' || this.state === 'discarded') return;
    this.#stopped.abort();
    this.patch({ state: 'discarded', error: undefined });
    this.#sent.reject(cancelledError());
    this.#context.onEnd(this);
    await this.get().upload?.cancel();
  }

  /** Known without waiting: a message keeps its place before those that are sent right after it. */
  #storedMedia(): string | undefined {
    const upload = this.get().upload?.get();
    return this.record.mediaObjectId ?? (upload?.state === 'done' ? upload.mediaObjectId : undefined);
  }

  async #learnType(mediaObjectId: string | undefined, signal: AbortSignal): Promise<void> {
    if (!this.record.isTypeUnknown || mediaObjectId === undefined) return;
    this.record.type = messageTypeOf(await this.#context.kindOf(mediaObjectId, signal));
    this.record.isTypeUnknown = false;
  }

  async #uploaded(signal: AbortSignal): Promise<string | undefined> {
    const { mediaObjectId, uploadId } = this.record;
    if (mediaObjectId !== undefined || uploadId === undefined) return mediaObjectId;
    const upload = this.get().upload ?? this.#context.findUpload(uploadId);
    if (upload === undefined)
      throw (
        this.#context.obstacleTo(uploadId) ??
        new ClaimcheckError('file_missing', 'Its file has to be chosen again.', { retryable: false })
      );
    this.#remember(upload);
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(cancelledError()), { once: true }),
    );
    return Promise.race([upload.done, aborted]);
  }

  /** What the upload becomes is kept as soon as it is known: the upload is then forgotten. */
  #remember(upload: Upload): void {
    if (this.get().upload !== upload) this.patch({ upload });
    if (this.record.uploadId !== upload.id) {
      this.record.uploadId = upload.id;
      this.#context.save(this.record);
    }
    upload.done.then(
      (mediaObjectId) => {
        this.record.mediaObjectId = mediaObjectId;
        if (this.state !== 'sent' && this.state !== 'discarded') this.#context.save(this.record);
      },
      // Told when it is this message's turn.
      () => {},
    );
  }

  #toPost(mediaObjectId: string | undefined): PostMessage {
    const { clientMessageId, type, text, filename, alt } = this.record;
    return {
      client_message_id: clientMessageId,
      message_type: type,
      ...(text === undefined ? {} : { body: text }),
      ...(mediaObjectId === undefined ? {} : { media_object_id: mediaObjectId }),
      ...(filename === undefined ? {} : { filename }),
      ...(alt === undefined ? {} : { alt }),
    };
  }

  #fail(error: ClaimcheckError): void {
    this.patch({ state: 'failed', error });
    this.#sent.reject(error);
  }
}

export const hasFailed = (upload: Upload | undefined): boolean =>
  upload?.state === 'failed' || upload?.state === 'cancelled';

/** No network, no service, no login, too many requests: no other message would fare better. */
const concernsAll = (error: ClaimcheckError, tokens?: Tokens): boolean =>
  error.status === 0 || error.status === 429 || error.status >= 502 || isLoginOver(error, tokens);

/** @param kind of a media object, or the first part of a content type */
export const messageTypeOf = (kind: string | undefined): MessageType =>
  kind === 'image' || kind === 'video' || kind === 'audio' ? kind : 'file';
