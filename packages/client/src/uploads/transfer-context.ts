import type { Http } from '../http.ts';

export interface TransferContext {
  http: Http;
  bytes: Blob;
  signal: AbortSignal;
  onProgress: (sentBytes: number) => void;
}
