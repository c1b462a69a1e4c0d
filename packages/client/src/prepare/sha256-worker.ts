import { sha256OfBlob } from './sha256.ts';

// Runs in a worker of its own: `self` is its scope.
self.addEventListener('message', async (event: MessageEvent<Blob>) => {
  self.postMessage(await sha256OfBlob(event.data));
});
