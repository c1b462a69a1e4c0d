import { type Media, mediaSchema } from '@claimcheck/contracts/media';
import {
  authorizeUploadSchema,
  type RenewedTicket,
  type UploadAuthorization,
  type UploadInstructions,
} from '@claimcheck/contracts/rest';
import { Router } from 'express';
import { z } from 'zod';
import { authorizeUpload } from '../media/authorize-upload.ts';
import { toMedia } from '../media/media-view.ts';
import { ProblemError } from '../media/problem-error.ts';
import { renewUpload } from '../media/renew-upload.ts';
import { identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import type { UploadTickets } from '../request/upload-tickets.ts';
import { validate } from '../request/validate.ts';
import { createOnce } from './create-once.ts';
import { mediaIdOf } from './media-routes.ts';

/** What is kept of an authorisation. */
const authorizedSchema = z.object({ media: mediaSchema, expires_at: z.iso.datetime() });

/** `POST /v1/media` and `POST /v1/media/:id/upload-ticket`: uploads that outlive the user's token. */
export const uploadAuthorizationRoutes = ({ config, database, settings, tickets }: HttpContext): Router => {
  const router = Router();

  const ticketsOrRefuse = (): UploadTickets => {
    if (tickets === undefined)
      throw new ProblemError('unavailable', {
        retryable: false,
        detail: 'Upload tickets need TOKEN_SECRETS, which is not configured here.',
      });
    return tickets;
  };

  const issue = (signer: UploadTickets, media: Media, expires_at: Date): RenewedTicket => {
    const ticket = signer.sign({
      user_id: media.owner_user_id,
      media_object_id: media.media_object_id,
      size_bytes: media.size_bytes,
      content_type: media.content_type,
      expires_at,
    });
    return {
      url: `${settings.publicUrl}/v1/uploads/${media.media_object_id}`,
      headers: { authorization: `Bearer ${ticket}`, 'tus-resumable': '1.0.0' },
      expires_at: expires_at.toISOString(),
    };
  };

  const instruct = (signer: UploadTickets, media: Media, expires_at: Date): UploadInstructions => {
    if (media.upload_state === 'uploaded')
      return {
        protocol: 'none',
        url: `${settings.publicUrl}/v1/uploads/${media.media_object_id}`,
        headers: {},
        expires_at: expires_at.toISOString(),
      };
    return { protocol: 'tus', method: 'PATCH', ...issue(signer, media, expires_at) };
  };

  router.post('/v1/media', async (request, response) => {
    const signer = ticketsOrRefuse();
    const input = validate(authorizeUploadSchema, request.body);
    if (input.size_bytes > config.maxUploadBytes)
      throw new ProblemError('too_large', {
        field: 'size_bytes',
        detail: `At most ${config.maxUploadBytes} bytes are accepted.`,
      });
    const { user_id } = identityOf(response);
    const { status, body } = await createOnce(database, request, response, 'POST /v1/media', async (tx) => {
      const { media, session, created } = await authorizeUpload(tx, settings, user_id, input);
      const upload = { media: toMedia(media, settings.publicUrl), expires_at: session.expires_at };
      return { created, body: upload };
    });
    // A ticket is not kept with the answer: it is signed anew, for the same upload and the same time.
    const { media, expires_at } = authorizedSchema.parse(body);
    const answer: UploadAuthorization = { media, upload: instruct(signer, media, new Date(expires_at)) };
    response.status(status).set('Cache-Control', 'no-store').json(answer);
  });

  router.post('/v1/media/:id/upload-ticket', async (request, response) => {
    const signer = ticketsOrRefuse();
    const id = mediaIdOf(request.params.id);
    const { user_id } = identityOf(response);
    const { media, expires_at } = await database.transaction((tx) => renewUpload(tx, settings, id, user_id));
    const ticket = issue(signer, toMedia(media, settings.publicUrl), expires_at);
    response.set('Cache-Control', 'no-store').json(ticket);
  });

  return router;
};
