import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

export interface TlsOptions {
  secureContext?: SecureContext;
}

/**
 * Returns the options of connections to a store whose certificate may come from a private authority. The context is created
 * once: to read all authorities for each connection would take longer than its handshake.
 *
 * @param authorities certificates in PEM, trusted besides those that Node trusts; undefined: those alone
 */
export const tlsOptionsOf = (authorities: string | undefined): TlsOptions =>
  authorities === undefined
    ? {}
    : { secureContext: createSecureContext({ ca: [...getCACertificates('default'), authorities] }) };

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** @throws Error that says what is wrong with the file, without its content */
export const readAuthorities = (path: string): string => {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
  }
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new Error('must contain certificates in PEM');
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
  } catch {
    throw new Error('contains a certificate that cannot be read');
  }
  return pem;
};
