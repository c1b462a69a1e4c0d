import type { Placeholder } from '../prepare/placeholder.ts';
import type { PreparedFile } from '../prepare/prepare-file.ts';
import type { UploadProtocol } from '../wire/upload.ts';
import type { RequestSize } from './request-size.ts';

/** What a task is about, and what it asks and tells those who manage all of them. */
export interface UploadWork {
  id: string;
  /** `client_media_id`: differs from `id` when an upload from before a reload is continued. */
  key: () => Promise<string>;
  filename: string;
  contentType: string;
  sizeBytes: number;
  conversationId: string | undefined;
  alt: string | undefined;
  priority: number;
  /** Ways that may be used now. */
  protocols: () => UploadProtocol[];
  /** Shared by all uploads. */
  requestSize: RequestSize;
  /** Rejects with `file_changed`. */
  assertReadable: () => Promise<void>;
  prepare: (onPlaceholder: (placeholder: Placeholder) => void, signal: AbortSignal) => Promise<PreparedFile>;
  /** Called when the storage can't be reached from here: everything goes through the api from now on. */
  onStorageUnreachable: () => void;
  /** Takes another key for a restart: a key stays with its protocol, and with what has ended. */
  rotateKey: (step: 'by-tus' | 'restart') => Promise<void>;
  /** Whether its key is one that was taken for `by-tus`. */
  isByTus: () => boolean;
  /** Whether bytes ever reached the storage directly. */
  hasSentDirectly: () => boolean;
  onSentDirectly: () => void;
  /** Called once, when nothing more will happen. */
  onEnd: (state: 'done' | 'failed' | 'cancelled') => void;
}
