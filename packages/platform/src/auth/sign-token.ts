import jwt from 'jsonwebtoken';
import type { TokenSettings } from './token-variables.ts';

/**
 * Signs a token as the host would, with the first shared secret: for the demo and for the doctor.
 *
 * @param expiresIn such as `5m`
 * @returns undefined when the host signs with its own keys
 */
export const signToken = (
  { secrets, issuers, audiences }: TokenSettings,
  subject: string,
  expiresIn: '5m' | '12h',
): string | undefined => {
  const [secret] = secrets?.() ?? [];
  if (secret === undefined) return undefined;
  const [issuer] = issuers ?? [];
  const [audience] = audiences ?? [];
  return jwt.sign({}, secret, {
    algorithm: 'HS256',
    subject,
    expiresIn,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  });
};
