import { afterEach, expect, test, vi } from 'vitest';
import { hashInWorker } from './hash-in-worker.ts';

/** Runs the worker's real script in this thread: Node has no Web Worker. */
class WorkerHere {
  onmessage: ((event: { data: unknown }) => void) | undefined;
  static readonly scope = Object.assign(new EventTarget(), {
    postMessage: (data: unknown) => WorkerHere.#last?.onmessage?.({ data }),
  });
  static #last: WorkerHere | undefined;

  constructor() {
    WorkerHere.#last = this;
  }
  async postMessage(data: unknown): Promise<void> {
    await import('./sha256-worker.ts');
    WorkerHere.scope.dispatchEvent(new MessageEvent('message', { data }));
  }
  terminate(): void {}
}

vi.stubGlobal('self', WorkerHere.scope);
vi.stubGlobal('Worker', WorkerHere);
afterEach(() => vi.restoreAllMocks());

const { signal } = new AbortController();

test('the worker hashes', async () => {
  expect(await hashInWorker(new Blob(['abc']), signal)).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('hashing a file that cannot be read fails instead of hanging', async () => {
  const unreadable = new DOMException('changed on the disk', 'NotReadableError');
  vi.spyOn(Blob.prototype, 'arrayBuffer').mockRejectedValue(unreadable);
  await expect(hashInWorker(new Blob(['abc']), signal)).rejects.toBe(unreadable);
});
