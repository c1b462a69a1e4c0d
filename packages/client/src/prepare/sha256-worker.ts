import type { HashAnswer } from './hash-in-worker.ts';
import { sha256OfBlob } from './sha256.ts';

// Runs in a worker: `self` is its scope.
self.addEventListener('message', async (event: MessageEvent<Blob>) => {
  const answer: HashAnswer = await sha256OfBlob(event.data).then(
    (sha256) => ({ sha256 }),
    // The page would never see an exception thrown here.
    (error) => ({ failure: String(error) }),
  );
  self.postMessage(answer);
});
