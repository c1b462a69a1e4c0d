import type { KeysOf } from '../check-arguments.ts';
import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { Readable } from '../observable.ts';
import type { Placeholder } from '../prepare/placeholder.ts';
import type { UploadProtocol } from '../wire/upload.ts';

/**
 * `queued → preparing → uploading → done`; `waiting` between two attempts (for the network, or because the
 * server asked for it), `paused` until `resume()`; `failed` and `cancelled` are ends.
 */
export type UploadState =
  | 'queued'
  | 'preparing'
  | 'uploading'
  | 'waiting'
  | 'paused'
  | 'done'
  | 'failed'
  | 'cancelled';

export interface UploadProgress {
  /** Bytes that were sent. May go back when a connection was lost before the server had them. */
  sentBytes: number;
  /** Of what is sent, once that is known: fewer than the file's when the location was taken out of it. */
  totalBytes: number;
  /** 0 while nothing is known. */
  bytesPerSecond: number;
  /** Missing while nothing is known. */
  remainingMs?: number | undefined;
}

/** An upload at one moment; a new one after each change. */
export interface UploadSnapshot {
  state: UploadState;
  progress: UploadProgress;
  /** Known once the server has heard of it. */
  mediaObjectId?: string | undefined;
  placeholder?: Placeholder | undefined;
  /** Of the last attempt; final when the state is `failed`. */
  error?: ClaimcheckError | undefined;
}

export interface UploadEvents {
  progress: UploadProgress;
  state: UploadState;
  /** Each failed attempt, those that are repeated too. */
  error: ClaimcheckError;
}

/** A file on its way. Usable at once: `messages.send` takes it before a byte is sent. */
export interface Upload extends Readable<UploadSnapshot> {
  /** Names it in this client, also after a reload. */
  readonly id: string;
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly conversationId: string | undefined;
  readonly state: UploadState;
  readonly progress: UploadProgress;
  /**
   * The media object's id, once it is certain: at the latest with the first byte that the storage has. Rejects with
   * ClaimcheckError.
   */
  readonly created: Promise<string>;
  /** The media object's id, when the last byte is stored. Rejects with ClaimcheckError. */
  readonly done: Promise<string>;
  /** Returns what ends it. */
  on<Type extends keyof UploadEvents>(type: Type, listener: (value: UploadEvents[Type]) => void): () => void;
  pause(): void;
  resume(): void;
  /**
   * Ends it here and on the server; `done` rejects with code `cancelled`. After `done` it takes the finished file back,
   * unless a message refers to it already. Repeatable.
   */
  cancel(): Promise<void>;
}

export interface UploadOptions {
  /** Defaults to the file's name. */
  filename?: string | undefined;
  /** A media type; defaults to the file's. Parameters such as `; charset=utf-8` are dropped. */
  contentType?: string | undefined;
  conversationId?: string | undefined;
  /** The picture in words. */
  alt?: string | undefined;
  /** `client_media_id`: names one media object for good; the same again continues the same upload. */
  id?: string | undefined;
  /** Higher goes first, among equals the older one. Default: 0. */
  priority?: number | undefined;
  /** Overrides the client's setting. */
  protocols?: UploadProtocol[] | undefined;
  /**
   * Whether the place where a photo was taken is removed from it. JPEG only, whatever its type says. `true` fails
   * with `location_kept` for other pictures and videos, and for what has no type; `'if-possible'` sends them as they
   * are; `false` removes nothing. Default: the client's setting, which is `'if-possible'`.
   */
  stripLocation?: boolean | 'if-possible' | undefined;
  /** Replaces what is computed where the platform can. */
  placeholder?: Placeholder | undefined;
  /** From `showOpenFilePicker` or a drop. With it a large file can be read again after a reload. */
  handle?: FileSystemFileHandle | undefined;
  /** Identifies equal files; computed from a `File`'s name, size, type and date. `false`: never resume by it. */
  fingerprint?: string | false | undefined;
}

export const UPLOAD_OPTIONS: KeysOf<UploadOptions> = {
  filename: true,
  contentType: true,
  conversationId: true,
  alt: true,
  id: true,
  priority: true,
  protocols: true,
  stripLocation: true,
  placeholder: true,
  handle: true,
  fingerprint: true,
};

/** An upload from before a reload, whose file has to be chosen again. */
export interface InterruptedUpload {
  id: string;
  filename: string;
  contentType: string;
  sizeBytes: number;
  conversationId?: string | undefined;
  /** Says why it did not continue by itself: `file_missing` or `file_changed`. */
  error: ClaimcheckError;
  /**
   * Continues with these bytes, or with those behind the handle that was given at the start (which may ask the
   * user, so call it from a click). Rejects with `file_missing`, and with
   * `file_changed` when these are other bytes, by size and date.
   */
  resume(file?: Blob): Promise<Upload>;
  /** Forgets it here; the server does so by itself (`UPLOAD_TTL`). */
  discard(): Promise<void>;
}
