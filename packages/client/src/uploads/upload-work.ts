import type { PreparedFile } from '../prepare/prepare-file.ts';
import type { UploadProtocol } from '../wire/upload.ts';
import type { RequestSize } from './request-size.ts';
import type { Placeholder } from './upload.ts';

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
  /** Told when the storage can't be reached from here: all goes through the api from now on. */
  onStorageUnreachable: () => void;
  /** It begins anew: a key stays with its protocol, and with what has ended. */
  takeOtherKey: (step: 'by-tus' | 'anew') => Promise<void>;
  /** Whether its key is one that was taken for `by-tus`. */
  isByTus: () => boolean;
  /** Whether bytes ever reached the storage directly. */
  hasSentDirectly: () => boolean;
  onSentDirectly: () => void;
  /** Called once, when nothing more will happen. */
  onEnd: (state: 'done' | 'failed' | 'cancelled') => void;
}
