import { clientReportSchema } from '@claimcheck/contracts/rest';
import { type RequestHandler, Router } from 'express';
import { identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { validate } from '../request/validate.ts';

/**
 * `POST /v1/client-reports`: failures between a client and the storage, which a redirect hides from us. Counts and logs
 * them, and stores nothing.
 */
export const clientReportRoutes = (
  { metrics, logger }: Pick<HttpContext, 'metrics' | 'logger'>,
  limit: RequestHandler,
): Router => {
  const router = Router();
  router.post('/v1/client-reports', limit, (request, response) => {
    const report = validate(clientReportSchema, request.body);
    metrics.clientReports.inc({ kind: report.kind, reason: report.reason });
    logger.warn({ ...report, user_id: identityOf(response).user_id }, 'client report');
    response.status(204).end();
  });
  return router;
};
