import { devLoginSchema } from '@claimcheck/contracts/rest';
import { signToken } from '@claimcheck/platform/auth/sign-token';
import type { TokenSettings } from '@claimcheck/platform/auth/token-variables';
import { Router } from 'express';
import { validate } from '../request/validate.ts';

const TOKEN_LIFE = '12h';

/** Lets every visitor log in as any user. For the demo; only mounted with DEV_LOGIN=true. */
export const devLoginRoutes = (settings: TokenSettings): Router => {
  const router = Router();
  router.post('/v1/dev/login', (request, response) => {
    const { user_id } = validate(devLoginSchema, request.body);
    const token = signToken(settings, user_id, TOKEN_LIFE);
    response.set('Cache-Control', 'no-store').json({ token });
  });
  return router;
};
