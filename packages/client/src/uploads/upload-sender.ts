import { ClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import type { PreparedFile } from '../prepare/prepare-file.ts';
import { authorizeUpload, metadataOf, type UploadDescription } from './authorize-upload.ts';
import { keepOpen } from './keep-open.ts';
import { sendByTus } from './send-by-tus.ts';
import { transfer } from './transfer.ts';
import type { TransferContext } from './transfer-context.ts';
import type { UploadWork } from './upload-work.ts';

interface SendOptions {
  signal: AbortSignal;
  /** Called with the media object's id, which may change until the storage has proved reachable. */
  onName: (mediaObjectId: string, isCertain: boolean) => void;
  onProgress: (sentBytes: number) => void;
}

/** Sends a file in attempts, one after the other. Each asks the server what is missing and how to send it. */
export class UploadSender {
  readonly #work: UploadWork;
  readonly #http: Http;
  /** Address of an upload that tus alone created. */
  #tusUrl: string | undefined;

  constructor(work: UploadWork, http: Http) {
    this.#work = work;
    this.#http = http;
  }

  /** Throws ClaimcheckError. */
  async send(prepared: PreparedFile, { signal, onName, onProgress }: SendOptions): Promise<void> {
    const description = await this.#describe(prepared);
    const { requestSize } = this.#work;
    const context = { http: this.#http, bytes: prepared.bytes, requestSize, signal, onProgress };
    const authorization = await authorizeUpload(this.#http, description, signal);
    if (authorization === undefined) {
      await this.#sendByTusAlone(description, context, onName);
      return;
    }
    const { media, upload } = authorization;
    const isDirect = upload.protocol === 'put' || upload.protocol === 'multipart';
    onName(media.media_object_id, !isDirect || this.#work.hasSentDirectly());
    const sent = new AbortController();
    const open = { mediaObjectId: media.media_object_id, expiresAt: upload.expires_at };
    if (upload.protocol !== 'none') void keepOpen(this.#http, open, AbortSignal.any([signal, sent.signal]));
    try {
      await transfer(upload, isDirect ? this.#watchDirect(context) : context);
    } finally {
      sent.abort();
    }
  }

  /** Makes the next attempt start again. */
  forget(): void {
    this.#tusUrl = undefined;
  }

  /** Returns the server's id of it, whether or not an attempt received the answer. Throws ClaimcheckError. */
  async nameOf(prepared: PreparedFile): Promise<string | undefined> {
    const { signal } = new AbortController();
    return (await authorizeUpload(this.#http, await this.#describe(prepared), signal))?.media.media_object_id;
  }

  async #sendByTusAlone(
    description: UploadDescription,
    context: TransferContext,
    onName: SendOptions['onName'],
  ): Promise<void> {
    const target = {
      endpoint: new URL('/v1/uploads', this.#http.baseUrl).href,
      metadata: metadataOf(description),
      headers: {},
      uploadUrl: this.#tusUrl,
      onUploadUrl: (url: string) => {
        this.#tusUrl = url;
        onName(idIn(url), true);
      },
    };
    await sendByTus(target, context);
  }

  /** The first byte that goes directly shows that direct uploads work. */
  #watchDirect(context: TransferContext): TransferContext {
    return {
      ...context,
      onProgress: (sent) => {
        if (sent > 0) this.#work.onSentDirectly();
        context.onProgress(sent);
      },
    };
  }

  async #describe({ bytes, placeholder, sha256 }: PreparedFile): Promise<UploadDescription> {
    const { key, filename, contentType, conversationId, alt, protocols } = this.#work;
    return {
      clientMediaId: await key(),
      filename,
      contentType,
      sizeBytes: bytes.size,
      conversationId,
      alt,
      placeholder,
      sha256,
      protocols: protocols(),
    };
  }
}

/** The upload's URL ends in the media object's id. */
const idIn = (url: string): string => {
  const id = new URL(url).pathname.split('/').at(-1);
  if (!id) throw new ClaimcheckError('tus_protocol', 'The server did not name the upload.');
  return id;
};
