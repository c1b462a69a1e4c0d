import type { Problem } from '@claimcheck/contracts/errors';
import type { Media } from '@claimcheck/contracts/media';
import type {
  SignedPart,
  UploadAuthorization,
  UploadInstructions,
  UploadParts,
  UploadProtocol,
} from '@claimcheck/contracts/rest';
import type { ChatUser } from './chat-user.ts';

/** Sends bytes to the storage with exactly the signed headers. @returns the storage's status */
export const putSigned = async (
  { url, headers = {} }: { url: string; headers?: Record<string, string> },
  bytes: Uint8Array<ArrayBuffer>,
): Promise<number> => {
  const response = await fetch(url, { method: 'PUT', headers, body: bytes });
  await response.arrayBuffer();
  return response.status;
};

export const randomFile = (bytes: Buffer, protocols: UploadProtocol[], more: object = {}) => ({
  client_media_id: crypto.randomUUID(),
  filename: 'random.bin',
  content_type: 'application/octet-stream',
  size_bytes: bytes.length,
  protocols,
  ...more,
});

/** A user who uploads directly to the storage. */
export class DirectUploader {
  readonly user: ChatUser;

  constructor(user: ChatUser) {
    this.user = user;
  }

  authorize(file: object): Promise<{ status: number; body: UploadAuthorization & Problem }> {
    return this.user.call('POST', '/v1/media', file);
  }

  parts(id: string, numbers?: number[]): Promise<{ status: number; body: UploadParts & Problem }> {
    return this.user.call('POST', `/v1/media/${id}/parts`, numbers === undefined ? undefined : { numbers });
  }

  complete(id: string): Promise<{ status: number; body: Media & Problem }> {
    return this.user.call('POST', `/v1/media/${id}/complete`);
  }

  renew(id: string): Promise<{ status: number; body: UploadInstructions & Problem }> {
    return this.user.call('POST', `/v1/media/${id}/upload-ticket`);
  }
}

/** Returns the bytes of one part. */
export const sliceOf = (bytes: Buffer, chunkSize: number, { number, size_bytes }: SignedPart) => {
  const start = (number - 1) * chunkSize;
  return new Uint8Array(bytes.subarray(start, start + size_bytes));
};
