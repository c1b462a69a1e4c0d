import { type ClaimcheckClient, ClaimcheckError, retry, type Upload } from '@claimcheck/client';
import type { Message, SendMessage } from '@claimcheck/contracts/rest';
import { formatBytes } from './format-bytes.ts';
import { Store } from './store.ts';
import { wordsOfError } from './words-of-error.ts';

export interface OutgoingFile {
  /** Also the client key of its media object and its message: trying again makes no second one. */
  key: string;
  conversationId: string;
  file: File;
  phase: 'uploading' | 'sending' | 'failed';
  percent: number;
  problem?: string | undefined;
  canRetry: boolean;
}

/** Files on their way: each is uploaded, then sent as a message that refers to it. */
export class OutgoingFiles {
  readonly store = new Store<readonly OutgoingFile[]>([]);
  readonly #client: ClaimcheckClient;
  readonly #maxBytes: number;
  readonly #onSent: (message: Message) => void;
  readonly #uploads = new Map<string, Upload>();

  constructor(client: ClaimcheckClient, maxBytes: number, onSent: (message: Message) => void) {
    this.#client = client;
    this.#maxBytes = maxBytes;
    this.#onSent = onSent;
  }

  send(conversationId: string, file: File): void {
    const outgoing = { key: crypto.randomUUID(), conversationId, file, percent: 0 };
    const isTooLarge = file.size > this.#maxBytes;
    const problem = `Files may have up to ${formatBytes(this.#maxBytes)}; this one has ${formatBytes(file.size)}.`;
    const item: OutgoingFile = isTooLarge
      ? { ...outgoing, phase: 'failed', canRetry: false, problem }
      : { ...outgoing, phase: 'uploading', canRetry: true };
    this.store.update((files) => [...files, item]);
    if (!isTooLarge) void this.#run(item);
  }

  retry(item: OutgoingFile): void {
    this.#patch(item.key, { phase: 'uploading', percent: 0, problem: undefined });
    void this.#run(item);
  }

  /** Ends what is under way; a message that is being sent is no longer stopped. */
  cancel(key: string): void {
    // The server ends what is left of an upload by itself if this does not reach it.
    this.#uploads
      .get(key)
      ?.cancel()
      .catch(() => {});
    this.#remove(key);
  }

  cancelAll(): void {
    for (const { key } of this.store.get()) this.cancel(key);
  }

  async #run({ key, conversationId, file }: OutgoingFile): Promise<void> {
    try {
      const mediaObjectId = await this.#upload(key, conversationId, file);
      this.#patch(key, { phase: 'sending', percent: 100 });
      const message: SendMessage = {
        client_message_id: key,
        message_type: messageTypeOf(file.type),
        media_object_id: mediaObjectId,
        filename: file.name,
      };
      this.#onSent(await retry(() => this.#client.messages.post(conversationId, message)));
      this.#remove(key);
    } catch (error) {
      const canRetry = error instanceof ClaimcheckError && error.retryable;
      this.#patch(key, { phase: 'failed', problem: wordsOfError(error), canRetry });
    }
  }

  async #upload(key: string, conversationId: string, file: File): Promise<string> {
    const upload = this.#client.upload(file, { id: key, conversationId });
    upload.on('progress', ({ sentBytes, totalBytes }) => {
      this.#patch(key, { percent: totalBytes === 0 ? 100 : Math.floor((100 * sentBytes) / totalBytes) });
    });
    this.#uploads.set(key, upload);
    return upload.done.finally(() => this.#uploads.delete(key));
  }

  #patch(key: string, patch: Partial<OutgoingFile>): void {
    this.store.update((files) => files.map((item) => (item.key === key ? { ...item, ...patch } : item)));
  }

  #remove(key: string): void {
    this.store.update((files) => files.filter((item) => item.key !== key));
  }
}

const messageTypeOf = (contentType: string): SendMessage['message_type'] => {
  const family = contentType.split('/')[0];
  return family === 'image' || family === 'video' || family === 'audio' ? family : 'file';
};
