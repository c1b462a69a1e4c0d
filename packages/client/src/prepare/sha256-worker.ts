import type { HashAnswer } from './hash-in-worker.ts';
import { sha256OfBlob } from './sha256.ts';

// Runs in a worker of its own: `self` is its scope.
self.addEventListener('message', async (event: MessageEvent<Blob>) => {
  const answer: HashAnswer = await sha256OfBlob(event.data).then(
    (sha256) => ({ sha256 }),
    // An exception in here would be lost.
    (error) => ({ failure: String(error) }),
  );
  self.postMessage(answer);
});
