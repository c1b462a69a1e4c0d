import type { Http } from '../http.ts';
import type { RequestSize } from './request-size.ts';

export interface TransferContext {
  http: Http;
  bytes: Blob;
  requestSize: RequestSize;
  signal: AbortSignal;
  onProgress: (sentBytes: number) => void;
}
