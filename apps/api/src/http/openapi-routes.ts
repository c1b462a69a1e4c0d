import { openapiDocument } from '@claimcheck/contracts/openapi/openapi-document';
import { Router } from 'express';
import type { Config } from '../config.ts';

/** `GET /openapi.json`: the interface, built from the schemas that validate it. */
export const openapiRoutes = ({ publicUrl }: Pick<Config, 'publicUrl'>): Router => {
  const router = Router();
  const document = JSON.stringify(openapiDocument(publicUrl));
  router.get('/openapi.json', (_request, response) => {
    response.set('Cache-Control', 'no-cache').type('application/json').send(document);
  });
  return router;
};
