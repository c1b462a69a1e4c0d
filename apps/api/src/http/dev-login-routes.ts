import { devLoginSchema } from '@claimcheck/contracts/rest';
import { Router } from 'express';
import jwt from 'jsonwebtoken';
import { validate } from '../request/validate.ts';

const TOKEN_LIFE = '12h';

/** Lets any visitor log in as any user: for the demo, mounted with DEV_LOGIN=true only. */
export const devLoginRoutes = (options: {
  secret: string;
  issuer: string | undefined;
  audience: string | undefined;
}): Router => {
  const router = Router();
  router.post('/v1/dev/login', (request, response) => {
    const { user_id } = validate(devLoginSchema, request.body);
    const token = jwt.sign({}, options.secret, {
      algorithm: 'HS256',
      subject: user_id,
      expiresIn: TOKEN_LIFE,
      ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
      ...(options.audience === undefined ? {} : { audience: options.audience }),
    });
    response.set('Cache-Control', 'no-store').json({ token });
  });
  return router;
};
