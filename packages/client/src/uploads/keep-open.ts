import { waitForRetry } from '../backoff.ts';
import { toClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { mayPass } from '../retry.ts';

interface OpenUpload {
  mediaObjectId: string;
  /** ISO 8601, by the server's clock. */
  expiresAt: string;
}

/** Bounds the interval: a wrong clock must cause neither constant requests nor a late one. */
const AT_LEAST_MS = 1_000;
const AT_MOST_MS = 60 * 60_000;
const WHEN_UNKNOWN_MS = 30_000;

const delayOf = (leftMs: number): number =>
  leftMs > 0 ? Math.min(Math.max(leftMs / 2, AT_LEAST_MS), AT_MOST_MS) : WHEN_UNKNOWN_MS;

/**
 * Extends an upload to the api's full `UPLOAD_TTL` while it is being sent, well before that expires: an expired ticket,
 * signature or upload cannot be renewed. Stops when `signal` aborts.
 */
export const keepOpen = async (
  http: Http,
  { mediaObjectId, expiresAt }: OpenUpload,
  signal: AbortSignal,
): Promise<void> => {
  const path = `/v1/media/${encodeURIComponent(mediaObjectId)}/upload-ticket`;
  let end = Date.parse(expiresAt);
  while (!signal.aborted) {
    await waitForRetry(delayOf(end - Date.now()), signal);
    if (signal.aborted) return;
    try {
      const renewed = await http.request<{ expires_at: string }>('POST', path, undefined, { signal });
      end = Date.parse(renewed.expires_at);
    } catch (error) {
      // The upload itself reports the error to its callers.
      if (!mayPass(toClaimcheckError(error), http.tokens)) return;
    }
  }
};
