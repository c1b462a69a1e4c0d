import { type Media, mediaSchema } from '@claimcheck/contracts/media';
import {
  authorizeUploadSchema,
  type RenewedTicket,
  type UploadAuthorization,
} from '@claimcheck/contracts/rest';
import { Router } from 'express';
import { z } from 'zod';
import { readAllowance } from '../media/quota/allowance.ts';
import { toMedia } from '../media/record/media-view.ts';
import { authorizeUpload } from '../media/uploads/authorize-upload.ts';
import { renewUpload } from '../media/uploads/renew-upload.ts';
import { findSession } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import { identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { setQuotaHeaders } from '../request/quota-headers.ts';
import { chargeCreation } from '../request/rate-limit.ts';
import { validate } from '../request/validate.ts';
import { createOnce } from './create-once.ts';
import { mediaIdOf } from './media-routes.ts';
import { UploadInstructionsBuilder } from './upload-instructions.ts';

/** The stored part of an authorisation. */
const authorizedSchema = z.object({ media: mediaSchema });

/** `POST /v1/media` and `POST /v1/media/:id/upload-ticket`: uploads that outlive the user's token. */
export const uploadAuthorizationRoutes = (context: HttpContext): Router => {
  const { config, database, settings, logger } = context;
  const router = Router();
  const instructions = new UploadInstructionsBuilder(context);

  /** Reads the current state: a stored answer may be out of date. */
  const answer = async (media: Media): Promise<UploadAuthorization> => {
    const session = await findSession(database, media.media_object_id);
    if (session === undefined) throw new ProblemError('upload_gone');
    return { media, upload: await instructions.instruct(media, session) };
  };

  router.post('/v1/media', async (request, response) => {
    const input = validate(authorizeUploadSchema, request.body);
    chargeCreation(context, response);
    if (input.size_bytes > config.maxUploadBytes)
      throw new ProblemError('too_large', {
        field: 'size_bytes',
        detail: `At most ${config.maxUploadBytes} bytes are accepted.`,
      });
    const { user_id } = identityOf(response);
    let duplicate = false;
    let created: string | undefined;
    const { status, body } = await createOnce(
      database,
      { request, response, route: 'POST /v1/media' },
      async (tx) => {
        const { media, session, ...made } = await authorizeUpload(tx, settings, user_id, input);
        if (session.phase !== 'complete') instructions.assertPossible(session.protocol);
        duplicate = made.duplicate;
        created = made.created ? session.protocol : undefined;
        return { created: made.created, body: { media: toMedia(media, settings.publicUrl) } };
      },
    );
    if (duplicate)
      logger.info({ user_id, client_media_id: input.client_media_id }, 'these bytes are here already');
    // Tickets and signed URLs are not stored with the answer: they are created again, for the same upload and time.
    const { media } = authorizedSchema.parse(body);
    setQuotaHeaders(response, await readAllowance(database, settings, user_id));
    if (created !== undefined) response.locals.createdUpload = created;
    response
      .status(status)
      .set('Cache-Control', 'no-store')
      .json(await answer(media));
  });

  router.post('/v1/media/:id/upload-ticket', async (request, response) => {
    const id = mediaIdOf(request.params.id);
    const { user_id } = identityOf(response);
    const { media } = await database.transaction((tx) => renewUpload(tx, settings, id, user_id));
    const { upload } = await answer(toMedia(media, settings.publicUrl));
    response.set('Cache-Control', 'no-store').json(upload satisfies RenewedTicket);
  });

  return router;
};
