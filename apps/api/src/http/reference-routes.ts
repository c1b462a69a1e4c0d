import { referenceId, referenceKind, referenceSchema } from '@claimcheck/contracts/rest';
import { type Request, Router } from 'express';
import { deleteHostReference, putHostReference } from '../media/messages/references.ts';
import { assertBackend } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { validate, validateField } from '../request/validate.ts';
import { mediaIdOf } from './media-routes.ts';

const PATH = '/v1/media/:id/references/:kind/:ref_id';

const namedBy = ({ params }: Request<{ id: string; kind: string; ref_id: string }>) => ({
  media_object_id: mediaIdOf(params.id),
  kind: validateField('kind', referenceKind, params.kind),
  ref_id: validateField('ref_id', referenceId, params.ref_id),
});

/** For a host that keeps its own messages: media that it refers to does not expire, and its members may see it. */
export const referenceRoutes = ({ database, settings }: HttpContext): Router => {
  const router = Router();

  router.put(PATH, async (request, response) => {
    assertBackend(response);
    const reference = { ...namedBy(request), ...validate(referenceSchema, request.body) };
    const { created } = await database.transaction((tx) => putHostReference(tx, settings, reference));
    response.status(created ? 201 : 200).json(reference);
  });

  router.delete(PATH, async (request, response) => {
    assertBackend(response);
    const reference = namedBy(request);
    await database.transaction((tx) => deleteHostReference(tx, settings, reference));
    response.status(204).end();
  });

  return router;
};
