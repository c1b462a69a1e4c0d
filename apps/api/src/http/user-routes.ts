import { type Usage, userMediaQuerySchema } from '@claimcheck/contracts/lists';
import { type Response, Router } from 'express';
import { readAllowance } from '../media/quota/allowance.ts';
import { listUserMedia } from '../media/reports/list-user-media.ts';
import { ProblemError } from '../problem-error.ts';
import { identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { validate } from '../request/validate.ts';
import { hostIdOf } from './conversation-routes.ts';

/** @throws ProblemError `forbidden` unless the caller is the user or a backend */
const assertMayAsk = (response: Response, userId: string): void => {
  const { user_id, is_backend } = identityOf(response);
  if (user_id !== userId && !is_backend) throw new ProblemError('forbidden');
};

/** Returns the media and the usage of a user: `GET /v1/users/:user_id/media` and `/usage`. */
export const userRoutes = ({ database, settings }: HttpContext): Router => {
  const router = Router();

  router.get('/v1/users/:userId/media', async (request, response) => {
    const userId = hostIdOf(request.params.userId);
    assertMayAsk(response, userId);
    const query = validate(userMediaQuerySchema, request.query);
    response.json(await listUserMedia(database, settings, userId, query));
  });

  router.get('/v1/users/:userId/usage', async (request, response) => {
    const user_id = hostIdOf(request.params.userId);
    assertMayAsk(response, user_id);
    const { limits, used } = await readAllowance(database, settings, user_id);
    const usage: Usage = {
      user_id,
      used_bytes: Number(used.bytes),
      quota_bytes: limits.userQuotaBytes,
      open_uploads: used.open_uploads,
      max_open_uploads: limits.maxOpenUploads,
      uploads_today: used.uploads_today,
      max_uploads_per_day: limits.maxUploadsPerDay,
    };
    response.json(usage);
  });

  return router;
};
