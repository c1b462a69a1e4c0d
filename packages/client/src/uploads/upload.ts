import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { Readable } from '../observable.ts';
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

/** What can be shown before a byte is sent. */
export interface Placeholder {
  /** Pixels, upright. */
  width: number;
  /** Pixels, upright. */
  height: number;
  durationMs?: number | undefined;
  /** Base64. */
  thumbhash?: string | undefined;
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
  /** The media object's id, as soon as the server has made it. Rejects with ClaimcheckError. */
  readonly created: Promise<string>;
  /** The media object's id, when the last byte is stored. Rejects with ClaimcheckError. */
  readonly done: Promise<string>;
  /** Returns what ends it. */
  on<Type extends keyof UploadEvents>(type: Type, listener: (value: UploadEvents[Type]) => void): () => void;
  pause(): void;
  resume(): void;
  /** Ends it here and on the server; `done` rejects with code `cancelled`. */
  cancel(): Promise<void>;
}

export interface UploadOptions {
  /** Defaults to the file's name. */
  filename?: string;
  /** A media type; defaults to the file's. Parameters such as `; charset=utf-8` are dropped. */
  contentType?: string;
  conversationId?: string;
  /** The picture in words. */
  alt?: string;
  /** `client_media_id`: names one media object for good; the same again continues the same upload. */
  id?: string;
  /** Higher goes first; 0 unless told. Among equals the older one. */
  priority?: number;
  /** Instead of what the client's options say. */
  protocols?: UploadProtocol[];
  /**
   * Takes the place where a photo was taken out of it. JPEG only, whatever its type says: `true` fails with
   * `location_kept` for other pictures and videos, and for what has no type; `'if-possible'` sends them as they are.
   */
  stripLocation?: boolean | 'if-possible';
  /** Instead of what is computed where the platform can. */
  placeholder?: Placeholder;
  /** From `showOpenFilePicker` or a drop: with it a large file can be read again after a reload. */
  handle?: FileSystemFileHandle;
  /** What tells that two files are the same; computed from a `File`'s name, size, type and date. `false`: never resume by it. */
  fingerprint?: string | false;
}

/** An upload that was begun before a reload, whose bytes have to be shown again. */
export interface InterruptedUpload {
  id: string;
  filename: string;
  contentType: string;
  sizeBytes: number;
  conversationId?: string | undefined;
  /** Why it did not go on by itself: `file_missing` or `file_changed`. */
  error: ClaimcheckError;
  /**
   * Goes on with these bytes, or with those behind the handle that was given at the start (which may ask the
   * user, so call it from a click). Rejects with `file_missing`, and with
   * `file_changed` when these are other bytes, by size and date.
   */
  resume(file?: Blob): Promise<Upload>;
  /** Forgets it here; the server does so by itself (`UPLOAD_TTL`). */
  discard(): Promise<void>;
}
