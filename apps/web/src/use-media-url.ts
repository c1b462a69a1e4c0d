import { ClaimcheckError, type MediaUrl } from '@claimcheck/client';
import type { Media, Quality } from '@claimcheck/contracts/media';
import { useCallback, useEffect, useState } from 'react';
import { useChat } from './chat-context.ts';

/** A browser whose clock is wrong must neither ask all the time nor sleep past the end. */
const MIN_RENEWAL_MS = 30_000;
const MAX_RENEWAL_MS = 60 * 60_000;
const RETRY_MS = 10_000;

export interface UsedMediaUrl {
  /** The last URL; its `quality` may still be the one that was asked for before. */
  current: MediaUrl | undefined;
  error: ClaimcheckError | undefined;
  /** Asks for another URL when this one does not load. */
  renew: () => void;
}

const renewalDelay = ({ refresh_at }: MediaUrl) =>
  Math.min(Math.max(Date.parse(refresh_at) - Date.now(), MIN_RENEWAL_MS), MAX_RENEWAL_MS);

/** A plain URL for a quality, renewed before it ends; asks for nothing while `quality` is undefined. */
export const useMediaUrl = (media: Media, quality: Quality | undefined): UsedMediaUrl => {
  const { client } = useChat().session;
  const { media_object_id: id, rev } = media;
  const [current, setCurrent] = useState<MediaUrl>();
  const [error, setError] = useState<ClaimcheckError>();
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each revision may turn a refusal into a URL
  useEffect(() => {
    if (!quality) return;
    let isStale = false;
    let timer: ReturnType<typeof setTimeout>;
    const load = async (fresh: boolean) => {
      try {
        const next = await client.media(id).url(quality, { fresh });
        if (isStale) return;
        setCurrent(next);
        setError(undefined);
        timer = setTimeout(load, renewalDelay(next), true);
      } catch (cause) {
        if (isStale || !(cause instanceof ClaimcheckError)) return;
        setError(cause);
        if (cause.retryable) timer = setTimeout(load, cause.retryAfterMs ?? RETRY_MS, true);
      }
    };
    void load(attempt > 0);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [client, id, quality, rev, attempt]);

  const renew = useCallback(() => setAttempt((count) => count + 1), []);
  return { current, error, renew };
};
