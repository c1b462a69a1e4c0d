import { waitForRetry } from '../backoff.ts';
import { toClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import { mayPass } from '../retry.ts';

interface OpenUpload {
  mediaObjectId: string;
  /** ISO 8601, by the clock of the server. */
  expiresAt: string;
}

/** A clock that is wrong must make us ask neither all the time nor too late. */
const AT_LEAST_MS = 1_000;
const AT_MOST_MS = 60 * 60_000;
const WHEN_UNKNOWN_MS = 30_000;

const delayOf = (leftMs: number): number =>
  leftMs > 0 ? Math.min(Math.max(leftMs / 2, AT_LEAST_MS), AT_MOST_MS) : WHEN_UNKNOWN_MS;

/**
 * Gives an upload its whole time again (the api's `UPLOAD_TTL`) as long as it is being sent, well before that ends:
 * what has ended, its ticket, its signatures and its bytes, can't be renewed. Ends with `signal`.
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
      // The upload itself says what is wrong, to those who wait for it.
      if (!mayPass(toClaimcheckError(error), http.tokens)) return;
    }
  }
};
