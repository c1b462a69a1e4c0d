import type { Message, OutgoingMessage, Upload } from '@claimcheck/client';
import type { Session } from '../session/open-session.ts';
import { Store } from '../store/store.ts';

export interface ChatState {
  openId?: string | undefined;
}

/** The open conversation, and the user's actions in it. */
export class Chat {
  readonly store = new Store<ChatState>({});
  readonly #session: Session;
  /** Files of this page; after a reload, uploads lack their files. */
  readonly #files = new WeakMap<Upload, File>();

  constructor(session: Session) {
    this.#session = session;
  }

  open(id: string | undefined): void {
    this.store.update((state) => ({ ...state, openId: id }));
  }

  sendFile(conversationId: string, file: File): void {
    const { client } = this.#session;
    const message = client.messages.send(conversationId, { media: client.upload(file, { conversationId }) });
    this.keepFiles([{ message, files: [file] }]);
  }

  /** For previews of messages on their way. */
  keepFiles(sent: readonly { message: OutgoingMessage; files: readonly (File | undefined)[] }[]): void {
    for (const { message, files } of sent)
      for (const [index, upload] of message.get().uploads.entries()) {
        const file = files[index];
        if (file) this.#files.set(upload, file);
      }
  }

  fileOf(upload: Upload): File | undefined {
    return this.#files.get(upload);
  }

  /** Retries a message that failed for good. */
  sendAgain(message: OutgoingMessage): void {
    const files = message.get().uploads.map((upload) => this.#files.get(upload));
    message.retry();
    this.keepFiles([{ message, files }]);
  }

  /** Resumes an upload that a reload has interrupted; another file starts a new one. Throws ClaimcheckError. */
  async goOnWith(message: OutgoingMessage, file: File): Promise<void> {
    const { client } = this.#session;
    const interrupted = (await client.uploads.interrupted()).find(
      ({ filename, sizeBytes, conversationId }) =>
        filename === message.filename && sizeBytes === file.size && conversationId === message.conversationId,
    );
    const upload = await interrupted?.resume(file).catch((error) => {
      if (error.code !== 'file_changed') throw error;
    });
    if (upload) {
      this.#files.set(upload, file);
      message.retry();
    } else {
      await interrupted?.discard();
      await message.discard();
      this.sendFile(message.conversationId, file);
    }
  }

  forward(message: Message, conversationId: string): void {
    const { body, media_object_id, filename, alt, attachments } = message;
    const album = attachments?.flatMap(({ media_object_id: media, ...words }) =>
      media === undefined ? [] : [{ media, filename: words.filename, alt: words.alt }],
    );
    this.#session.client.messages.send(conversationId, {
      text: body,
      ...(album ? { attachments: album } : { media: media_object_id, filename, alt }),
    });
  }

  async deleteMessage({ conversation_id, message_id }: Message): Promise<void> {
    await this.#session.client.messages.delete(conversation_id, message_id);
  }
}
