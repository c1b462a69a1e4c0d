import { ClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { Observable, type Readable } from '../observable.ts';
import { prepareFile } from '../prepare/prepare-file.ts';
import { holdLock, type Release, waitForLock } from '../store/hold-lock.ts';
import type { Records } from '../store/records.ts';
import type { UploadProtocol } from '../wire/upload.ts';
import type { InterruptedUpload, Upload, UploadOptions } from './upload.ts';
import { UploadQueue } from './upload-queue.ts';
import { fingerprintOf, type UploadRecord } from './upload-record.ts';
import { UploadTask } from './upload-task.ts';

export interface UploadSettings {
  /** Uploads that go at the same time; 3. */
  concurrency: number;
  /** Ways that may be used; the server chooses one by the size. All of them. */
  protocols: UploadProtocol[];
  /** Files up to so many bytes are kept in the store, so that a reload needs nobody to pick them again; 64 MiB. */
  keepBytesUpTo: number;
  /** Files up to so many bytes are hashed before they are sent, so that what is there already is not sent again. */
  hashUpTo: number;
  /** Attempts in a row without a byte before an upload fails; time without a network is not counted. 20. */
  maxFailuresInARow: number;
  /** For pictures and videos: their size, and the blur that is shown before them. Where the platform can. */
  describe: boolean;
}

/** All uploads of a client. */
export interface Uploads extends Readable<readonly Upload[]> {
  /** Begun before a reload, and waiting for their bytes; those whose bytes were kept have gone on by themselves. */
  interrupted(): Promise<InterruptedUpload[]>;
  /** Of this page, by its `id`. */
  find(id: string): Upload | undefined;
}

interface Context {
  http: Http;
  records: Records<UploadRecord>;
  settings: UploadSettings;
}

interface Begin {
  record: UploadRecord;
  file: Blob;
  options: UploadOptions;
  /** Once the key is the right one, and nobody else works at it. */
  ready: Promise<Release>;
}

/** What is prepared at the same time: pictures are decoded for it. */
const PREPARED_AT_ONCE = 2;

export class UploadManager extends Observable<readonly Upload[]> implements Uploads {
  readonly #context: Context;
  readonly #queue: UploadQueue;
  readonly #preparing = new UploadQueue(PREPARED_AT_ONCE);
  readonly #byId = new Map<string, UploadTask>();
  readonly #closed = new AbortController();
  #direct: 'unknown' | 'works' | 'unreachable' = 'unknown';

  constructor(context: Context) {
    super([]);
    this.#context = context;
    this.#queue = new UploadQueue(context.settings.concurrency);
  }

  find(id: string): Upload | undefined {
    return this.#byId.get(id);
  }

  /** Pauses everything; nothing is taken over from other tabs any more. */
  close(): void {
    this.#closed.abort();
    for (const upload of this.get()) upload.pause();
  }

  begin(file: Blob, options: UploadOptions): Upload {
    const record = recordOf(file, options);
    return this.#run({ record, file, options, ready: this.#claim(record, file) });
  }

  /** Goes on with what was begun before a reload, as far as its bytes are here. */
  async restore(): Promise<void> {
    for (const record of await this.#context.records.list()) {
      const release = await holdLock(lockOf(record));
      if (release) await this.#restart(record, release);
      else void this.#restartLater(record);
    }
  }

  /** Another tab is at it, or the page that was just left still is: what that leaves behind is taken over. */
  async #restartLater({ id, key }: UploadRecord): Promise<void> {
    const release = await waitForLock(lockOf({ key }), this.#closed.signal).catch(() => undefined);
    if (release === undefined) return;
    const record = await this.#context.records.get(id);
    if (record) await this.#restart(record, release);
    else release();
  }

  async interrupted(): Promise<InterruptedUpload[]> {
    const records = await this.#context.records.list();
    return records.filter(({ id }) => !this.#byId.has(id)).map((record) => this.#toInterrupted(record));
  }

  #toInterrupted(record: UploadRecord): InterruptedUpload {
    const { id, filename, contentType, sizeBytes, conversationId } = record;
    return {
      id,
      filename,
      contentType,
      sizeBytes,
      conversationId,
      resume: async (given) => {
        const upload = this.#byId.get(id);
        if (upload) return upload;
        const file = given ?? record.file ?? (await fileBehind(record.handle, true));
        if (file?.size !== sizeBytes)
          throw new ClaimcheckError(
            'file_missing',
            `Choose ${filename} (${sizeBytes} bytes) again to go on with its upload.`,
          );
        const release = await holdLock(lockOf(record));
        if (release) return this.#resume(record, file, release);
        throw new ClaimcheckError('upload_locked', 'Another tab is sending this file.', { retryable: true });
      },
      discard: async () => {
        await this.#context.records.delete(id);
      },
    };
  }

  /** Without its bytes it stays interrupted. */
  async #restart(record: UploadRecord, release: Release): Promise<void> {
    const file = record.file ?? (await fileBehind(record.handle, false));
    if (file && !this.#byId.has(record.id)) this.#resume(record, file, release);
    else release();
  }

  #resume(record: UploadRecord, file: Blob, release: Release): Upload {
    return this.#run({ record, file, options: {}, ready: Promise.resolve(release) });
  }

  /** Takes over the key of the same file's upload that a reload has cut, and keeps the record. */
  async #claim(record: UploadRecord, file: Blob): Promise<Release> {
    const { records, settings } = this.#context;
    const earlier = record.fingerprint === undefined ? undefined : await this.#findEarlier(record);
    const release = earlier && (await holdLock(lockOf(earlier)));
    if (earlier && release) {
      record.key = earlier.key;
      record.aliases = [earlier.id, ...earlier.aliases];
      await records.delete(earlier.id);
    }
    if (records.keepsBlobs && file.size <= settings.keepBytesUpTo) record.file = file;
    await records.set(record);
    return release ?? (await holdLock(lockOf(record))) ?? (() => {});
  }

  async #findEarlier(record: UploadRecord): Promise<UploadRecord | undefined> {
    const all = await this.#context.records.list();
    return all.find(
      ({ id, fingerprint, conversationId }) =>
        fingerprint === record.fingerprint && conversationId === record.conversationId && !this.#byId.has(id),
    );
  }

  #run({ record, file, options, ready }: Begin): Upload {
    const { http, records, settings } = this.#context;
    const task: UploadTask = new UploadTask(
      {
        ...record,
        key: async () => {
          await ready;
          this.#takeNames(record.aliases, task);
          return record.key;
        },
        protocols: () => this.#protocols(options),
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
        onEnd: () => {
          void records.delete(record.id);
          void ready.then((release) => release());
          this.set(this.get().filter((upload) => upload !== task));
        },
      },
      { http, queue: this.#queue, maxFailuresInARow: settings.maxFailuresInARow },
    );
    this.#byId.set(record.id, task);
    this.set([...this.get(), task]);
    task.start();
    return task;
  }

  /** Messages from before a reload know it by these. */
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

const lockOf = ({ key }: Pick<UploadRecord, 'key'>): string => `upload/${key}`;

const recordOf = (file: Blob, options: UploadOptions): UploadRecord => {
  const id = options.id ?? crypto.randomUUID();
  const { fingerprint = options.id === undefined ? fingerprintOf(file) : false } = options;
  return {
    id,
    aliases: [],
    key: id,
    fingerprint: fingerprint === false ? undefined : fingerprint,
    filename: options.filename ?? nameOf(file),
    contentType: mediaTypeOf(options.contentType ?? file.type),
    sizeBytes: file.size,
    conversationId: options.conversationId,
    alt: options.alt,
    priority: options.priority ?? 0,
    stripLocation: options.stripLocation ?? false,
    createdAt: new Date().toISOString(),
    handle: options.handle,
  };
};

const nameOf = (file: Blob): string => ('File' in globalThis && file instanceof File ? file.name : 'file');

const mediaTypeOf = (type: string): string => type.split(';')[0]?.trim() || 'application/octet-stream';

/** A user is asked only from a click; without one the browser remembers what was allowed, or refuses. */
const fileBehind = async (
  handle: FileSystemFileHandle | undefined,
  mayAsk: boolean,
): Promise<Blob | undefined> => {
  if (handle === undefined) return undefined;
  try {
    const allowed = await permissionOf(handle, mayAsk);
    return allowed ? await handle.getFile() : undefined;
  } catch {
    return undefined;
  }
};

/** Not in the standard types: only Chromium has them. */
interface AskingHandle {
  queryPermission?(): Promise<PermissionState>;
  requestPermission?(): Promise<PermissionState>;
}

const permissionOf = async (
  handle: FileSystemFileHandle & AskingHandle,
  mayAsk: boolean,
): Promise<boolean> => {
  if ((await handle.queryPermission?.()) !== 'prompt') return true;
  return mayAsk && (await handle.requestPermission?.()) === 'granted';
};
