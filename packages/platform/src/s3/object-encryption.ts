/** Encryption at rest that every write of an object asks for. Without it, the bucket's own rule applies. */
export interface ObjectEncryption {
  algorithm: 'AES256' | 'aws:kms';
  /** Key of the store's KMS; without it, the store's own. */
  kmsKeyId?: string | undefined;
}

interface EncryptionFields {
  ServerSideEncryption?: ObjectEncryption['algorithm'];
  SSEKMSKeyId?: string;
}

/** Returns the fields of a command that creates an object or a multipart upload. Parts have those of their upload. */
export const encryptionFields = (encryption: ObjectEncryption | undefined): EncryptionFields =>
  encryption === undefined
    ? {}
    : {
        ServerSideEncryption: encryption.algorithm,
        ...(encryption.kmsKeyId === undefined ? {} : { SSEKMSKeyId: encryption.kmsKeyId }),
      };

/** Returns the same as headers. */
export const encryptionHeaders = (encryption: ObjectEncryption | undefined): Record<string, string> => {
  const { ServerSideEncryption: algorithm, SSEKMSKeyId: key } = encryptionFields(encryption);
  return {
    ...(algorithm === undefined ? {} : { 'x-amz-server-side-encryption': algorithm }),
    ...(key === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': key }),
  };
};
