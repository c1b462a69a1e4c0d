import type { PublicConfig } from '@claimcheck/contracts/rest';
import express, { Router } from 'express';
import type { Config } from '../config.ts';

/** Serves `/config.json` for the SDK, and the demo's static files. */
export const webRoutes = (config: Config): Router => {
  const router = Router();
  const publicConfig: PublicConfig = {
    api_url: config.publicUrl,
    gateway_url: config.gatewayPublicUrl,
    max_upload_bytes: config.maxUploadBytes,
    ...(config.maxRequestBytes === undefined ? {} : { max_request_bytes: config.maxRequestBytes }),
    dev_login: config.devLogin,
  };
  router.get('/config.json', (_request, response) => {
    response.set('Cache-Control', 'no-cache').json(publicConfig);
  });
  if (config.webDir !== undefined) router.use(express.static(config.webDir, { index: 'index.html' }));
  return router;
};
