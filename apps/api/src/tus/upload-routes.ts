import { uuid } from '@claimcheck/contracts/ids';
import { isTombstone } from '@claimcheck/contracts/media';
import type { Prisma } from '@claimcheck/database/database';
import { type Response, Router } from 'express';
import { createUpload } from '../media/create-upload.ts';
import { deleteMedia } from '../media/delete-media.ts';
import { ProblemError } from '../media/problem-error.ts';
import { authenticate, identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { parseCreation } from './parse-creation.ts';
import type { UploadServer } from './upload-server.ts';

type Session = Prisma.upload_sessionGetPayload<{ include: { media_object: { select: { state: true } } } }>;

/**
 * `/v1/uploads`: who may do what with an upload, in front of the tus protocol. What is not yours is 404 on
 * every method. GET serves nothing: downloads have routes of their own.
 */
export const uploadRoutes = (context: HttpContext, uploads: UploadServer): Router => {
  const { config, database, settings, storage } = context;
  const router = Router();

  const ownSession = async (id: unknown, response: Response): Promise<Session> => {
    const uploadId = uuid.safeParse(id);
    if (!uploadId.success) throw new ProblemError('not_found');
    const session = await database.client.upload_session.findUnique({
      where: { upload_id: uploadId.data },
      include: { media_object: { select: { state: true } } },
    });
    if (session === null || session.owner_user_id !== identityOf(response).user_id)
      throw new ProblemError('not_found');
    return session;
  };

  /** @throws ProblemError `upload_gone` for what was deleted, blocked or has expired unfinished */
  const usableSession = async (id: unknown, response: Response): Promise<Session> => {
    const session = await ownSession(id, response);
    const gone = session.media_object !== null && isTombstone(session.media_object.state);
    const expired = session.phase === 'open' && session.expires_at < new Date();
    if (gone || expired || session.phase === 'aborted' || session.phase === 'expired')
      throw new ProblemError('upload_gone', { media_object_id: session.upload_id });
    return session;
  };

  router.options('/{*path}', (request, response) => uploads.handle(request, response));
  router.use(authenticate(context));

  router.post('/', async (request, response) => {
    const creation = parseCreation((name) => request.get(name), config.maxUploadBytes);
    const { media_object_id: id } = await database.transaction((tx) =>
      createUpload(tx, settings, { owner_user_id: identityOf(response).user_id, ...creation }),
    );
    const existing = await uploads.status(id);
    // A crash between our row and the storage leaves a name without an upload: it is made now.
    if (existing === undefined) {
      await usableSession(id, response);
      await uploads.handle(request, response, id);
      return;
    }
    await usableSession(id, response);
    if (!request.complete) response.set('Connection', 'close');
    response
      .status(201)
      .set({
        Location: uploads.urlOf(id),
        'Tus-Resumable': '1.0.0',
        'Upload-Offset': String(existing.offset),
      })
      .end();
  });

  router.head('/:id', async (request, response) => {
    const session = await usableSession(request.params.id, response);
    if (session.phase === 'open') {
      // The last PATCH may have died between the storage and the database.
      const status = await uploads.status(session.upload_id);
      if (status !== undefined && status.offset === status.length)
        await uploads.finish(session.upload_id, status.length);
    }
    await uploads.handle(request, response);
  });

  router.patch('/:id', async (request, response) => {
    await usableSession(request.params.id, response);
    await uploads.handle(request, response);
  });

  router.delete('/:id', async (request, response) => {
    const session = await ownSession(request.params.id, response);
    const { user_id } = identityOf(response);
    const before = await database.transaction((tx) => deleteMedia(tx, settings, session.upload_id, user_id));
    if (before.upload_state !== 'uploaded') await uploads.remove(session.upload_id);
    await storage.deletePrefix(`${session.upload_id}/`);
    response.status(204).set('Tus-Resumable', '1.0.0').end();
  });

  router.all('/{*path}', () => {
    throw new ProblemError('method_not_allowed');
  });

  return router;
};
