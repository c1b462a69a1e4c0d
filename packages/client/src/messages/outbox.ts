import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { Observable } from '../observable.ts';
import { holdLock, type Release, waitForLock } from '../store/hold-lock.ts';
import type { Records } from '../store/records.ts';
import type { Upload } from '../uploads/upload.ts';
import type { UploadManager } from '../uploads/uploads.ts';
import type { Message, PostMessage } from '../wire/conversation.ts';
import { messagesPath } from '../wire/conversation.ts';
import type { MessageInput, OutgoingMessage } from './outgoing-message.ts';
import {
  assertSendable,
  attachmentsOf,
  currentRecord,
  isUpload,
  type OutgoingItem,
  type OutgoingRecord,
  recordOf,
} from './outgoing-record.ts';
import { hasFailed, OutgoingTask } from './outgoing-task.ts';
import { SendLane } from './send-lane.ts';

interface Context {
  http: Http;
  records: Records<OutgoingRecord>;
  uploads: Pick<UploadManager, 'find' | 'restart' | 'subscribe' | 'waitForOtherTabs' | 'resumeBlocker'>;
  onSent: (message: Message) => void;
}

/**
 * Queues outgoing messages, and keeps them across reloads. Each conversation posts its messages one after the other,
 * in the order in which the user sent them. A message whose media is not stored yet waits, and later ones overtake it.
 */
export class Outbox extends Observable<readonly OutgoingMessage[]> {
  readonly #context: Context;
  readonly #lanes = new Map<string, SendLane>();
  readonly #locks = new Map<OutgoingTask, Promise<Release | undefined>>();
  /** Ids of records that other tabs are sending. */
  readonly #others = new Set<string>();
  /** Waits for each other tab, one message after the other, so that their order stays. */
  readonly #takeovers = new Map<string, Promise<void>>();
  readonly #closed = new AbortController();
  /** Sends the messages from before a reload first, then those of this page. */
  readonly #restored = Promise.withResolvers<void>();
  /** Actions that wait for that. */
  readonly #held = new Set<OutgoingTask>();
  #isRestored = false;
  #obstacle: ClaimcheckError | undefined;
  readonly #tab = crypto.randomUUID();
  #count = 0;

  constructor(context: Context) {
    super([]);
    this.#context = context;
    context.uploads.subscribe(() => this.#retryFound());
  }

  /** @param afterSeq seq of the newest message that the sender sees */
  send(conversationId: string, input: MessageInput, afterSeq?: number): OutgoingMessage {
    assertSendable(input);
    const record = recordOf(input, this.#placeOf(conversationId, input.id, afterSeq));
    return this.#begin(
      record,
      attachmentsOf(input).map(({ media }) => (isUpload(media) ? media : undefined)),
    );
  }

  #begin(record: OutgoingRecord, uploads: readonly (Upload | undefined)[]): OutgoingTask {
    const lock = holdLock(lockOf(record));
    // In this order: other tabs treat a message without a lock as abandoned.
    void lock.then(() => this.#context.records.set(record));
    const task = this.#add(record, uploads, lock);
    this.#held.add(task);
    if (this.#obstacle) task.patch({ error: this.#obstacle });
    void this.#restored.promise.then(() => {
      if (this.#held.delete(task) && task.get().error) task.patch({ error: undefined });
      void task.run();
    });
    return task;
  }

  /** The error that prevents restoring for now; messages that wait for it show it. */
  holdUp(error: ClaimcheckError): void {
    if (this.#isRestored) return;
    this.#obstacle = error;
    for (const task of this.#held) task.patch({ error });
  }

  /** Sends messages from before a reload. Call it after uploads are restored. */
  async restore(): Promise<void> {
    const { records } = this.#context;
    try {
      await records.watch((id) => void this.#hearOf(id), this.#closed.signal);
      for (const kept of await records.list()) {
        const record = currentRecord(kept);
        const isBehind = this.#takeovers.has(record.tab);
        const release = isBehind ? undefined : await holdLock(lockOf(record));
        if (release) this.#restart(record, release);
        else this.#leaveToOther(record);
      }
    } finally {
      // New messages go out even if the stored ones cannot be read.
      this.#isRestored = true;
      this.#obstacle = undefined;
      this.#restored.resolve();
    }
  }

  async #hearOf(id: string): Promise<void> {
    const record = await this.#context.records.get(id);
    if (record) this.#leaveToOther(currentRecord(record));
  }

  #leaveToOther(record: OutgoingRecord): void {
    if (this.#others.has(record.id)) return;
    this.#others.add(record.id);
    const { tab } = record;
    const before = this.#takeovers.get(tab) ?? Promise.resolve();
    const takeover = before
      .then(() => this.#restartLater(record))
      .finally(() => {
        this.#others.delete(record.id);
        if (this.#takeovers.get(tab) === takeover) this.#takeovers.delete(tab);
      });
    this.#takeovers.set(tab, takeover);
  }

  /** Stops sending, and leaves unsent messages to the next client. */
  close(): void {
    this.#closed.abort();
    for (const [task, lock] of this.#locks) {
      task.stop();
      void lock.then((release) => release?.());
    }
  }

  /** Another tab, or the page just left, still works on it. This tab takes over what that one leaves behind. */
  async #restartLater({ id, clientMessageId }: OutgoingRecord): Promise<void> {
    const release = await waitForLock(lockOf({ clientMessageId }), this.#closed.signal).catch(
      () => undefined,
    );
    if (release === undefined) return;
    const kept = await this.#context.records.get(id);
    const record = kept && currentRecord(kept);
    for (const { uploadId } of record?.items ?? [])
      if (uploadId !== undefined) await this.#context.uploads.waitForOtherTabs(uploadId);
    if (record) this.#restart(record, release);
    else release();
  }

  #restart(record: OutgoingRecord, release: Release): void {
    if (this.get().some(({ id }) => id === record.clientMessageId)) release();
    else {
      const uploads = record.items.map(({ uploadId = '' }) => this.#context.uploads.find(uploadId));
      void this.#add(record, uploads, Promise.resolve(release)).run();
    }
  }

  #add(
    record: OutgoingRecord,
    uploads: readonly (Upload | undefined)[],
    lock: Promise<Release | undefined>,
  ): OutgoingTask {
    const task = new OutgoingTask(record, uploads, {
      tokens: this.#context.http.tokens,
      save: (changed) => void this.#context.records.set(changed),
      findUpload: (id) => this.#context.uploads.find(id),
      uploadAgain: (failed) => this.#context.uploads.restart(failed),
      resumeBlocker: (id) => this.#context.uploads.resumeBlocker(id),
      post: (conversationId, message, signal) => this.#post(conversationId, message, signal),
      enqueue: (again) => void again.run(),
      splitOff: ({ record: album }, item, upload) => {
        const place = this.#placeOf(album.conversationId, undefined, album.afterSeq);
        const alone = { isTypeUnknown: true, text: undefined, data: undefined, items: [item] };
        this.#begin({ ...album, ...place, ...alone }, [upload]);
      },
      inTurn: (waiting, action) => this.#laneOf(waiting.conversationId).run(action),
      onSent: this.#context.onSent,
      onEnd: (ended) => this.#end(ended),
    });
    this.#locks.set(task, lock);
    this.set([...this.get(), task]);
    return task;
  }

  #laneOf(conversationId: string): SendLane {
    const lane = this.#lanes.get(conversationId) ?? new SendLane();
    this.#lanes.set(conversationId, lane);
    return lane;
  }

  /** Retries messages from before a reload once the user has chosen their files again. */
  #retryFound(): void {
    for (const task of this.#locks.keys()) {
      const code = task.get().error?.code;
      const needsFile = code === 'file_missing' || code === 'file_changed';
      const isHere = ({ mediaObjectId, uploadId = '' }: OutgoingItem) => {
        const upload = this.#context.uploads.find(uploadId);
        return mediaObjectId !== undefined || (upload !== undefined && !hasFailed(upload));
      };
      if (needsFile && task.record.items.every(isHere)) task.retry();
    }
  }

  #end(task: OutgoingTask): void {
    void this.#locks.get(task)?.then(async (release) => {
      await this.#context.records.delete(task.record.id);
      release?.();
    });
    this.#locks.delete(task);
    this.#held.delete(task);
    const left = this.get().filter((other) => other !== task);
    if (!left.some(({ conversationId }) => conversationId === task.conversationId))
      this.#lanes.delete(task.conversationId);
    this.set(left);
  }

  #post(conversationId: string, message: PostMessage, signal: AbortSignal): Promise<Message> {
    return this.#context.http.request('POST', messagesPath(conversationId), message, { signal });
  }

  #placeOf(conversationId: string, id: string | undefined, afterSeq: number | undefined) {
    this.#count += 1;
    const createdAt = new Date();
    const clientMessageId = id ?? crypto.randomUUID();
    const place = `${String(createdAt.getTime()).padStart(15, '0')}-${String(this.#count).padStart(6, '0')}`;
    return {
      // Two tabs may use the same number.
      id: `${place}-${clientMessageId}`,
      tab: this.#tab,
      clientMessageId,
      conversationId,
      createdAt: createdAt.toISOString(),
      afterSeq,
    };
  }
}

const lockOf = ({ clientMessageId }: Pick<OutgoingRecord, 'clientMessageId'>): string =>
  `message/${clientMessageId}`;
