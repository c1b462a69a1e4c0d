import type { Placeholder } from '../prepare/placeholder.ts';
import type { PreparedFile } from '../prepare/prepare-file.ts';
import type { UploadProtocol } from '../wire/upload.ts';
import type { RequestSize } from './request-size.ts';

/** The input of a task, and its calls to the manager of all tasks. */
export interface UploadWork {
  id: string;
  /** The `client_media_id`; differs from `id` when an upload from before a reload continues. */
  key: () => Promise<string>;
  filename: string;
  contentType: string;
  sizeBytes: number;
  conversationId: string | undefined;
  alt: string | undefined;
  priority: number;
  /** Ways to send bytes that may be used now. */
  protocols: () => UploadProtocol[];
  /** Shared by all uploads. */
  requestSize: RequestSize;
  /** Rejects with `file_changed`. */
  assertReadable: () => Promise<void>;
  prepare: (onPlaceholder: (placeholder: Placeholder) => void, signal: AbortSignal) => Promise<PreparedFile>;
  /** Called when the client cannot reach the storage: from now on everything goes through the api. */
  onStorageUnreachable: () => void;
  /** Takes another key for a restart: a key stays bound to its protocol and to an upload that has ended. */
  rotateKey: (step: 'by-tus' | 'restart') => Promise<void>;
  /** Whether its key was taken for `by-tus`. */
  isByTus: () => boolean;
  /** Whether bytes ever reached the storage directly. */
  hasSentDirectly: () => boolean;
  onSentDirectly: () => void;
  /** Called once, at the end. */
  onEnd: (state: 'done' | 'failed' | 'cancelled') => void;
}
