import { ClaimcheckError, toClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { Observable, type Readable } from '../observable.ts';
import { prepareFile } from '../prepare/prepare-file.ts';
import { holdLock, type Release, waitForLock } from '../store/hold-lock.ts';
import type { Records } from '../store/records.ts';
import { UploadQueue } from '../upload-queue.ts';
import type { UploadProtocol } from '../wire/upload.ts';
import { assertReadable } from './assert-readable.ts';
import { interruptedUpload } from './interrupted-upload.ts';
import { RequestSize } from './request-size.ts';
import { missingFile, resumableBytes } from './resumable-bytes.ts';
import type { InterruptedUpload, Upload, UploadOptions } from './upload.ts';
import { lockOf, recordOf, type UploadRecord } from './upload-record.ts';
import type { UploadSettings } from './upload-settings.ts';
import { UploadTask } from './upload-task.ts';

/** All uploads of a client. */
export interface Uploads extends Readable<readonly Upload[]> {
  /** Uploads from before a reload that wait for their bytes. Those whose bytes were stored continue by themselves. */
  interrupted(): Promise<InterruptedUpload[]>;
  /** Returns an upload of this page by its `id`. */
  find(id: string): Upload | undefined;
}

interface Context {
  http: Http;
  records: Records<UploadRecord>;
  settings: UploadSettings;
  /** The size of requests, as far as the installation knows its proxies. */
  maxRequestBytes: () => Promise<number | undefined>;
}

interface Begin {
  record: UploadRecord;
  file: Blob;
  options: UploadOptions;
  /** Resolves once the key is final and this tab holds the lock. */
  ready: Promise<Release>;
}

/** Files prepared at the same time: preparation decodes pictures. */
const PREPARED_AT_ONCE = 2;
/** Suffixes for a replacement key. */
const KEY_SUFFIX = { 'by-tus': '.tus', restart: '.restarted' };
/** Time for messages to record the outcome of their upload; after a crash the server still knows it. */
const FORGET_AFTER_MS = 1_000;

export class UploadManager extends Observable<readonly Upload[]> implements Uploads {
  readonly #context: Context;
  readonly #queue: UploadQueue;
  readonly #preparing = new UploadQueue(PREPARED_AT_ONCE);
  readonly #byId = new Map<string, UploadTask>();
  readonly #locks = new Map<string, Promise<Release>>();
  /** Inputs of uploads that can restart after a failure. */
  readonly #started = new WeakMap<Upload, Begin>();
  /** Uploads of other tabs, by id: settled when they have ended, or continue here. */
  readonly #others = new Map<string, Promise<void>>();
  /** Reasons why uploads from before a reload did not continue, by id. */
  readonly #obstacles = new Map<string, ClaimcheckError>();
  readonly #closed = new AbortController();
  readonly #requestSize: RequestSize;
  #direct: 'unknown' | 'works' | 'unreachable' = 'unknown';

  constructor(context: Context) {
    super([]);
    this.#context = context;
    this.#queue = new UploadQueue(context.settings.concurrency);
    this.#requestSize = new RequestSize(context.maxRequestBytes);
  }

  find(id: string): Upload | undefined {
    return this.#byId.get(id);
  }

  /** Pauses all uploads, and leaves them to the next client. */
  close(): void {
    this.#closed.abort();
    for (const upload of this.get()) upload.pause();
    for (const lock of this.#locks.values()) void lock.then((release) => release());
  }

  begin(file: Blob, options: UploadOptions): Upload {
    const record = recordOf(file, options, this.#context.settings);
    return this.#run({ record, file, options, ready: this.#claim(record, file) });
  }

  /** Restarts a failed or cancelled upload under its key: the server keeps the bytes it has. */
  restart(upload: Upload): Upload {
    const started = this.#started.get(upload);
    if (started === undefined) return upload;
    const record = { ...started.record, id: crypto.randomUUID(), aliases: [] };
    return this.#run({ ...started, record, ready: this.#claim(record, started.file) });
  }

  /** Continues uploads from before a reload whose bytes are available here. */
  async restore(): Promise<void> {
    await this.#context.records.watch((id) => this.#leaveToOther(id), this.#closed.signal);
    for (const record of await this.#context.records.list()) {
      const release = await holdLock(lockOf(record));
      if (release) await this.#restart(record, release);
      else this.#leaveToOther(record.id);
    }
  }

  /** Resolves when no other tab works on it; then it continues here if its bytes are available. */
  async waitForOtherTabs(id: string): Promise<void> {
    await this.#others.get(id);
  }

  #leaveToOther(id: string): void {
    if (this.#others.has(id) || this.#byId.has(id)) return;
    this.#others.set(
      id,
      this.#restartLater(id).finally(() => this.#others.delete(id)),
    );
  }

  /** Another tab, or the page just left, still works on it. This tab takes over what that one leaves behind. */
  async #restartLater(id: string): Promise<void> {
    const release = await waitForLock(lockOf({ id }), this.#closed.signal).catch(() => undefined);
    if (release === undefined) return;
    const record = await this.#context.records.get(id);
    if (record) await this.#restart(record, release);
    else release();
  }

  async interrupted(): Promise<InterruptedUpload[]> {
    const records = await this.#context.records.list();
    const left = records.filter(({ id }) => !this.#byId.has(id) && !this.#others.has(id));
    return left.map((record) =>
      interruptedUpload(record, this.#obstacles.get(record.id) ?? missingFile(record), {
        resume: (file) => this.#resumeWith(record, file),
        discard: () => this.#context.records.delete(record.id),
      }),
    );
  }

  async #resumeWith(record: UploadRecord, given: Blob | undefined): Promise<Upload> {
    const upload = this.#byId.get(record.id);
    if (upload) return upload;
    const file = await resumableBytes(record, { given, mayAsk: true });
    const release = await holdLock(lockOf(record));
    if (release) return this.#resume(record, file, release);
    throw new ClaimcheckError('upload_locked', 'Another tab is sending this file.', { retryable: true });
  }

  /** Without its bytes the upload stays interrupted. */
  async #restart(record: UploadRecord, release: Release): Promise<void> {
    try {
      const file = await resumableBytes(record, { mayAsk: false });
      if (this.#byId.has(record.id)) release();
      else this.#resume(record, file, release);
    } catch (error) {
      for (const id of [record.id, ...record.aliases]) this.#obstacles.set(id, toClaimcheckError(error));
      release();
    }
  }

  /** Returns why an upload from before a reload did not continue. */
  resumeBlocker(id: string): ClaimcheckError | undefined {
    return this.#obstacles.get(id);
  }

  #resume(record: UploadRecord, file: Blob, release: Release): Upload {
    return this.#run({ record, file, options: {}, ready: Promise.resolve(release) });
  }

  /** Takes over the key of an interrupted upload of the same file, and keeps the record. */
  async #claim(record: UploadRecord, file: Blob): Promise<Release> {
    const { records, settings } = this.#context;
    const earlier = await this.#findEarlier(record);
    const releases = [await holdLock(lockOf(record))];
    const earlierLock = earlier && (await holdLock(lockOf(earlier)));
    if (earlier && earlierLock) {
      record.key = earlier.key;
      record.aliases = [earlier.id, ...earlier.aliases];
      releases.push(earlierLock);
    }
    if (records.keepsBlobs && file.size <= settings.keepBytesUpTo) record.file = file;
    await this.#keep(record);
    if (earlier && earlierLock) await records.delete(earlier.id);
    return () => {
      for (const release of releases) release?.();
    };
  }

  /** Stores the record without bytes first: without space for them, it still names the file to choose again. */
  async #keep(record: UploadRecord): Promise<void> {
    await this.#context.records.set({ ...record, file: undefined });
    if (record.file) await this.#context.records.set(record);
  }

  async #findEarlier(record: UploadRecord): Promise<UploadRecord | undefined> {
    if (record.fingerprint === undefined) return undefined;
    const all = await this.#context.records.list();
    return all.find(
      ({ id, fingerprint, conversationId }) =>
        fingerprint === record.fingerprint && conversationId === record.conversationId && !this.#byId.has(id),
    );
  }

  #run(begin: Begin): Upload {
    const { record, file, options, ready } = begin;
    const { http, settings } = this.#context;
    const task: UploadTask = new UploadTask(
      {
        ...record,
        key: async () => {
          // Nothing is ready without a token; the upload's error says that it is missing.
          await http.tokens?.get();
          await ready;
          this.#takeNames(record.aliases, task);
          return record.key;
        },
        protocols: () => this.#protocols(options),
        requestSize: this.#requestSize,
        assertReadable: () => assertReadable(file, record.filename),
        prepare: (onPlaceholder, signal) =>
          prepareFile(file, {
            contentType: record.contentType,
            stripLocation: record.stripLocation,
            placeholder: options.placeholder,
            describe: settings.describe,
            hashUpTo: settings.hashUpTo,
            queue: this.#preparing,
            onPlaceholder,
            signal,
          }),
        hasSentDirectly: () => this.#direct === 'works',
        onSentDirectly: () => {
          this.#direct = 'works';
        },
        onStorageUnreachable: () => {
          this.#direct = 'unreachable';
        },
        isByTus: () => record.key.endsWith(KEY_SUFFIX['by-tus']),
        rotateKey: async (step) => {
          record.key += KEY_SUFFIX[step];
          await this.#keep(record);
        },
        onEnd: (state) => {
          this.set(this.get().filter((upload) => upload !== task));
          setTimeout(() => void this.#forget(record, ready), state === 'done' ? FORGET_AFTER_MS : 0);
        },
      },
      { http, queue: this.#queue, maxFailuresInARow: settings.maxFailuresInARow },
    );
    this.#started.set(task, begin);
    this.#byId.set(record.id, task);
    this.#locks.set(record.id, ready);
    this.set([...this.get(), task]);
    task.start();
    return task;
  }

  async #forget({ id, aliases }: UploadRecord, ready: Promise<Release>): Promise<void> {
    // A write still in progress would bring it back after a reload.
    const release = await ready;
    await this.#context.records.delete(id);
    for (const name of [id, ...aliases]) this.#byId.delete(name);
    this.#locks.delete(id);
    release();
  }

  /** Messages from before a reload refer to it by these ids. */
  #takeNames(aliases: readonly string[], task: UploadTask): void {
    const unknown = aliases.filter((alias) => this.#byId.get(alias) !== task);
    for (const alias of unknown) this.#byId.set(alias, task);
    if (unknown.length > 0) this.set([...this.get()]);
  }

  #protocols(options: UploadOptions): UploadProtocol[] {
    const wanted = options.protocols ?? this.#context.settings.protocols;
    return this.#direct === 'unreachable' ? ['tus'] : wanted;
  }
}
