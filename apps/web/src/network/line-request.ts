import { formatBytes } from '@claimcheck/client/react/format-bytes';
import type { NetworkLine } from './network-line.ts';

type Body = Document | XMLHttpRequestBodyInit | null;

/**
 * An XMLHttpRequest over the line. A page cannot slow down a running request. So while the line is slow, an upload's PATCH
 * sends a piece, and the server answers how far it came, as tus allows; the client sends the rest with the next request.
 */
export const lineRequest = (line: NetworkLine, Native: typeof XMLHttpRequest): typeof XMLHttpRequest =>
  class LineRequest extends Native {
    #method = '';
    #path = '';
    #offset = 0;
    #isDropped = false;

    override open(method: string, url: string | URL, async = true): void {
      this.#method = method.toUpperCase();
      this.#path = new URL(url, location.href).pathname;
      super.open(method, url, async);
    }

    override setRequestHeader(name: string, value: string): void {
      if (name.toLowerCase() === 'upload-offset') this.#offset = Number(value);
      super.setRequestHeader(name, value);
    }

    override abort(): void {
      this.#isDropped = true;
      super.abort();
    }

    override send(body: Body = null): void {
      const piece = this.#method === 'PATCH' && body instanceof Blob ? body.slice(0, line.pieceBytes) : body;
      void this.#sendWhenPassed(piece);
    }

    async #sendWhenPassed(body: Body): Promise<void> {
      const bytes = body instanceof Blob ? body.size : 0;
      const cut = line.whenCut;
      try {
        await line.pass(bytes);
      } catch {
        return this.#break();
      }
      if (this.#isDropped) return;
      const breakOff = () => this.#break();
      cut.addEventListener('abort', breakOff, { once: true });
      this.addEventListener('loadend', () => cut.removeEventListener('abort', breakOff));
      this.addEventListener('load', () => this.#note(bytes));
      super.send(body);
    }

    /** Fails like a lost network: with an error, which `abort` alone would not raise. */
    #break(): void {
      if (this.#isDropped) return;
      this.abort();
      this.dispatchEvent(new ProgressEvent('error'));
      this.dispatchEvent(new ProgressEvent('loadend'));
    }

    #note(bytes: number): void {
      if (this.#method === 'PATCH') {
        const total = formatBytes(this.#offset + bytes);
        line.note(`Upload: ${total} have arrived.`, this.#path);
      }
      if (this.#method === 'HEAD') {
        const offset = Number(this.getResponseHeader('upload-offset') ?? 0);
        if (offset > 0) line.note(`Resumed: the server has ${formatBytes(offset)} already.`);
      }
    }
  };
