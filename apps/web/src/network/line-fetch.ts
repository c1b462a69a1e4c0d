import type { NetworkLine } from './network-line.ts';

const bytesOf = (body: BodyInit | null | undefined): number => {
  if (typeof body === 'string') return body.length;
  return body instanceof Blob ? body.size : 0;
};

/** Runs `fetch` over the line: a cut fails it as a lost network does. */
export const lineFetch =
  (line: NetworkLine, native: typeof fetch): typeof fetch =>
  async (input, init = {}) => {
    const cut = line.whenCut;
    try {
      await line.pass(bytesOf(init.body));
      const signal = init.signal ? AbortSignal.any([cut, init.signal]) : cut;
      return await native(input, { ...init, signal });
    } catch (error) {
      if (line.isCut || cut.aborted) throw new TypeError('Failed to fetch', { cause: error });
      throw error;
    }
  };
