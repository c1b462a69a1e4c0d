import type { Media } from '@claimcheck/contracts/media';
import type { UploadInstructions } from '@claimcheck/contracts/rest';
import { isDirect } from '../media/uploads/direct-sessions.ts';
import type { UploadSession } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import type { HttpContext } from '../request/context.ts';

/** Tells a client where to send the bytes of its upload. Nothing signed here is stored. */
export class UploadInstructionsBuilder {
  readonly #context: Pick<HttpContext, 'settings' | 'tickets' | 'directUploads'>;

  constructor(context: Pick<HttpContext, 'settings' | 'tickets' | 'directUploads'>) {
    this.#context = context;
  }

  /** @throws ProblemError `unavailable` when the protocol needs tickets and no secret can sign them */
  assertPossible(protocol: UploadSession['protocol']): void {
    if (protocol === 'tus' && this.#context.tickets === undefined)
      throw new ProblemError('unavailable', {
        retryable: false,
        detail: 'Upload tickets need TOKEN_SECRETS, which is not configured here.',
      });
  }

  /** @throws ProblemError `unavailable` · `upload_gone` */
  async instruct(media: Media, session: UploadSession): Promise<UploadInstructions> {
    const { publicUrl } = this.#context.settings;
    const expires_at = session.expires_at.toISOString();
    const tus = `${publicUrl}/v1/uploads/${session.upload_id}`;
    if (session.phase === 'complete') return { protocol: 'none', url: tus, headers: {}, expires_at };
    if (isDirect(session)) return { ...(await this.#direct(media, session)), expires_at };
    this.assertPossible('tus');
    const headers = { ...this.#authorization(media, session), 'tus-resumable': '1.0.0' };
    return { protocol: 'tus', method: 'PATCH', url: tus, headers, expires_at };
  }

  async #direct(
    media: Media,
    upload: UploadSession & { length: number },
  ): Promise<Omit<UploadInstructions, 'expires_at'>> {
    const { settings, directUploads } = this.#context;
    const base = `${settings.publicUrl}/v1/media/${upload.upload_id}`;
    const headers = this.#authorization(media, upload);
    const complete = { url: `${base}/complete`, headers };
    if (upload.protocol === 'put')
      return { protocol: 'put', method: 'PUT', ...(await directUploads.signPut(upload)), complete };
    const { parts, chunk_size } = await directUploads.parts(upload);
    return {
      protocol: 'multipart',
      method: 'POST',
      url: `${base}/parts`,
      headers,
      parts,
      chunk_size,
      complete,
    };
  }

  #authorization(media: Media, session: UploadSession): Record<string, string> {
    const ticket = this.#context.tickets?.sign({
      user_id: media.owner_user_id,
      media_object_id: media.media_object_id,
      size_bytes: media.size_bytes,
      content_type: media.content_type,
      expires_at: session.expires_at,
    });
    return ticket === undefined ? {} : { authorization: `Bearer ${ticket}` };
  }
}
