import type { NetworkLine } from './network-line.ts';

/** A WebSocket over the line: a cut closes it, and none opens until the line is back. */
export const lineSocket = (line: NetworkLine, Native: typeof WebSocket): typeof WebSocket =>
  class LineSocket extends Native {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      if (line.isCut) this.close();
      else {
        const { whenCut } = line;
        const close = () => this.close();
        whenCut.addEventListener('abort', close, { once: true });
        this.addEventListener('close', () => whenCut.removeEventListener('abort', close));
      }
    }
  };
