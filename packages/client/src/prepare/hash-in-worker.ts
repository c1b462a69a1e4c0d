import { sha256OfBlob } from './sha256.ts';

/** Answer of the worker. A file may have become unreadable. */
export type HashAnswer = { sha256: string } | { failure: string };

/** Hashes in a worker, or in the page slice by slice where there are none (Node, a strict CSP). */
export const hashInWorker = async (file: Blob, signal: AbortSignal): Promise<string> => {
  const worker = startWorker();
  if (worker === undefined) return sha256OfBlob(file, signal);
  try {
    return await askWorker(worker, file, signal);
  } catch {
    signal.throwIfAborted();
    return await sha256OfBlob(file, signal);
  } finally {
    worker.terminate();
  }
};

const startWorker = (): Worker | undefined => {
  if (!('Worker' in globalThis)) return undefined;
  try {
    return new Worker(new URL('./sha256-worker.ts', import.meta.url), { type: 'module' });
  } catch {
    return undefined;
  }
};

const askWorker = (worker: Worker, file: Blob, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<HashAnswer>) =>
      'sha256' in data ? resolve(data.sha256) : reject(new Error(data.failure));
    worker.onerror = () => reject(new Error('the worker did not start'));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    worker.postMessage(file);
  });
