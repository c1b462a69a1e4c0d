import type { KeysOf } from '../check-arguments.ts';
import type { ClaimcheckError } from '../claimcheck-error.ts';
import type { Readable } from '../observable.ts';
import type { Placeholder } from '../prepare/placeholder.ts';
import type { UploadProtocol } from '../wire/upload.ts';

/**
 * `queued → preparing → uploading → done`. `waiting`: between two attempts, for the network or because the server
 * asked for a pause. `paused`: until `resume()`. `failed` and `cancelled` are final.
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
  /** Bytes sent so far. The number may drop when a connection breaks before the server has stored them. */
  sentBytes: number;
  /** Size of the bytes to send, once known: less than the file's size if the location was removed. */
  totalBytes: number;
  /** 0 while unknown. */
  bytesPerSecond: number;
  /** Absent while unknown. */
  remainingMs?: number | undefined;
}

/** An upload at one moment. Each change makes a new snapshot. */
export interface UploadSnapshot {
  state: UploadState;
  progress: UploadProgress;
  /** Known once the server has registered the upload. */
  mediaObjectId?: string | undefined;
  placeholder?: Placeholder | undefined;
  /** Error of the last attempt; final when the state is `failed`. */
  error?: ClaimcheckError | undefined;
}

export interface UploadEvents {
  progress: UploadProgress;
  state: UploadState;
  /** Called for each failed attempt, including those that are retried. */
  error: ClaimcheckError;
}

/** A file on its way. Usable at once: `messages.send` accepts it before any byte is sent. */
export interface Upload extends Readable<UploadSnapshot> {
  /** Identifies it in this client, after a reload too. */
  readonly id: string;
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly conversationId: string | undefined;
  readonly state: UploadState;
  readonly progress: UploadProgress;
  /**
   * The media object's id, once it is final: at the latest when the storage has the first byte. Rejects with
   * ClaimcheckError.
   */
  readonly created: Promise<string>;
  /** Resolves with the media object's id when the last byte is stored. Rejects with ClaimcheckError. */
  readonly done: Promise<string>;
  /** Returns a function that unsubscribes. */
  on<Type extends keyof UploadEvents>(type: Type, listener: (value: UploadEvents[Type]) => void): () => void;
  pause(): void;
  resume(): void;
  /**
   * Ends the upload here and on the server; `done` rejects with code `cancelled`. After `done` it deletes the finished
   * file, unless a message already refers to it. Repeatable.
   */
  cancel(): Promise<void>;
}

export interface UploadOptions {
  /** Defaults to the file's name. */
  filename?: string | undefined;
  /** A media type; defaults to the file's. Parameters such as `; charset=utf-8` are dropped. */
  contentType?: string | undefined;
  conversationId?: string | undefined;
  /** Describes the picture in words. */
  alt?: string | undefined;
  /** The `client_media_id`: names one media object for good. The same id resumes the same upload. */
  id?: string | undefined;
  /** Higher values go first, equal ones by age. Default: 0. */
  priority?: number | undefined;
  /** Overrides the client's setting. */
  protocols?: UploadProtocol[] | undefined;
  /**
   * Whether to remove the location from a photo. Works for JPEG only, whatever the declared type. `true` fails with
   * `location_kept` for other pictures and videos, and for files without a type; `'if-possible'` sends them unchanged;
   * `false` removes nothing. Default: the client's setting, which is `'if-possible'`.
   */
  stripLocation?: boolean | 'if-possible' | undefined;
  /** Replaces the placeholder that the SDK would compute. */
  placeholder?: Placeholder | undefined;
  /** From `showOpenFilePicker` or a drop. With it, the SDK can read a large file again after a reload. */
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

/** An upload from before a reload, whose file the user has to choose again. */
export interface InterruptedUpload {
  id: string;
  filename: string;
  contentType: string;
  sizeBytes: number;
  conversationId?: string | undefined;
  /** Why it did not continue by itself: `file_missing` or `file_changed`. */
  error: ClaimcheckError;
  /**
   * Continues with these bytes, or with those behind the handle given at the start. The handle may make the browser ask
   * the user, so call it from a click. Rejects with `file_missing`, and with `file_changed` when size or date differ.
   */
  resume(file?: Blob): Promise<Upload>;
  /** Forgets the upload here; on the server it expires (`UPLOAD_TTL`). */
  discard(): Promise<void>;
}
