import type { Upload } from '@claimcheck/client';
import { useEffect, useReducer } from 'react';
import { progressWords } from './progress-words.ts';
import { totalProgress } from './total-progress.ts';

/** Shows many files in one line, with actions for all of them. */
export const OutgoingSummary = ({ uploads }: { uploads: readonly Upload[] }) => {
  const snapshots = useAll(uploads);
  const isPaused = snapshots.every(({ state }) => state === 'paused' || state === 'done');
  const change = (upload: Upload) => (isPaused ? upload.resume() : upload.pause());
  return (
    <div className="outgoing-summary" data-testid="outgoing-summary">
      <p>
        <bdi>
          <strong>{uploads.length} files</strong>{' '}
          {progressWords(totalProgress(snapshots.map(({ progress }) => progress)))}
        </bdi>
      </p>
      <button type="button" onClick={() => uploads.forEach(change)}>
        {isPaused ? 'Resume all' : 'Pause all'}
      </button>
    </div>
  );
};

/** Returns the current state of each upload; a new list is subscribed again. */
const useAll = (uploads: readonly Upload[]) => {
  const [, update] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const endings = uploads.map((upload) => upload.subscribe(update));
    return () => {
      for (const end of endings) end();
    };
  }, [uploads]);
  return uploads.map((upload) => upload.get());
};
