import { prefixOf } from '@claimcheck/contracts/object-keys';
import { Router } from 'express';
import { eraseConversation } from '../media/removal/erase-conversation.ts';
import type { ErasedUpload } from '../media/removal/erase-media.ts';
import { eraseUser } from '../media/removal/erase-user.ts';
import { assertBackend } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { hostIdOf } from './conversation-routes.ts';

/** Erases data at a host's request: `DELETE /v1/users/:user_id` and `DELETE /v1/conversations/:id`. */
export const erasureRoutes = (context: HttpContext): Router => {
  const { database, settings, storage, metrics, logger } = context;
  const router = Router();

  const removeObjects = async ({ upload_id, multipart }: ErasedUpload): Promise<void> => {
    for (const { key, s3_upload_id } of multipart) await storage.multipart.abort(key, s3_upload_id);
    await storage.deletePrefix(prefixOf(upload_id));
  };

  const erase = async (
    what: 'user' | 'conversation',
    work: (count: typeof removeObjects) => Promise<void>,
  ) => {
    let uploads = 0;
    await work(async (upload) => {
      uploads += 1;
      await removeObjects(upload);
    });
    metrics.erasures.inc({ what });
    logger.info({ what, uploads }, 'erased');
  };

  router.delete('/v1/users/:userId', async (request, response) => {
    assertBackend(response);
    const userId = hostIdOf(request.params.userId);
    await erase('user', (onErased) => eraseUser(database, settings, userId, onErased));
    response.status(204).end();
  });

  router.delete('/v1/conversations/:id', async (request, response) => {
    assertBackend(response);
    const id = hostIdOf(request.params.id);
    await erase('conversation', (onErased) => eraseConversation(database, settings, id, onErased));
    response.status(204).end();
  });

  return router;
};
