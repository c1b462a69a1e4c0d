/** OpenSSL's reasons for a certificate that no trusted authority vouches for. */
const UNTRUSTED =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE)$/;

export interface CertificateProblem {
  detail: string;
  fix: string;
}

/**
 * Explains why the certificate of a server is refused; undefined for any other error.
 *
 * @param file variable that names a file of certificate authorities for that server
 */
export const describeCertificate = (error: unknown, file: string): CertificateProblem | undefined => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (UNTRUSTED.test(code))
    return {
      detail: `its certificate is signed by no authority that this process trusts (${code})`,
      fix: `name the PEM file of the authority that signed it in ${file}`,
    };
  if (code === 'CERT_HAS_EXPIRED')
    return { detail: `its certificate has expired (${code})`, fix: 'renew the certificate of the store' };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      detail: `its certificate is for another host (${code})`,
      fix: 'use a host name that the certificate contains, or a certificate for this one; with S3_FORCE_PATH_STYLE=false the bucket is part of the name',
    };
  return undefined;
};
