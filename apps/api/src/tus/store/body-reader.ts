import type { IncomingMessage } from 'node:http';

/** Why no more bytes arrive: the body is complete, the connection broke, or the client was silent for too long. */
export type BodyEnd = 'end' | 'cut' | 'idle';

/** Wakes the reader without a byte: another request needs the upload or its memory, or a part could not be stored. */
export type Interrupt = 'release' | 'flush' | 'failure';

const QUEUE_LIMIT = 4;

/**
 * Reads the body of a request chunk by chunk, without the detour over web streams. It waits for the client only here, so an
 * interrupt reaches it at once, whatever the client does.
 */
export class BodyReader {
  readonly #request: IncomingMessage;
  readonly #queue: Buffer[] = [];
  readonly #interrupts = new Set<Interrupt>();
  readonly #idle: NodeJS.Timeout;
  #ended: BodyEnd | undefined;
  #wake: (() => void) | undefined;
  /** Called when only the client remains to be waited for; see {@link isInterrupted}. */
  onInterrupt: (() => void) | undefined;

  /** @param idleMs time of silence, not duration: a slow but steady upload may take hours */
  constructor(request: IncomingMessage, idleMs: number) {
    this.#request = request;
    this.#idle = setTimeout(() => this.#onIdle(), idleMs);
    request
      .on('data', this.#onData)
      .once('end', this.#onEnd)
      .once('close', this.#onCut)
      .on('error', this.#onCut);
    if (request.destroyed && !request.readableEnded) this.#end('cut');
  }

  /** Returns the next chunk, the reason why there is none, or an interrupt. Bytes before an end come first. */
  async next(): Promise<Buffer | BodyEnd | Interrupt> {
    for (;;) {
      for (const interrupt of this.#interrupts) {
        this.#interrupts.delete(interrupt);
        return interrupt;
      }
      const chunk = this.#queue.shift();
      if (chunk !== undefined) return chunk;
      if (this.#ended !== undefined) return this.#ended;
      if (this.#request.isPaused()) this.#request.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Whether another request needs the upload, a part could not be stored, or the connection broke. */
  get isInterrupted(): boolean {
    return this.#ended === 'cut' || this.#interrupts.has('release') || this.#interrupts.has('failure');
  }

  interrupt(reason: Interrupt): void {
    this.#interrupts.add(reason);
    this.#wake?.();
    if (this.isInterrupted) this.onInterrupt?.();
  }

  /** Drops received bytes that no caller requested; they are not counted, and the client sends them again. */
  close(): void {
    clearTimeout(this.#idle);
    this.#request.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onCut);
    this.#request.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#idle.refresh();
    this.#queue.push(chunk);
    // Back-pressure: while no chunk is taken, TCP stops the client.
    if (this.#queue.length >= QUEUE_LIMIT) this.#request.pause();
    this.#wake?.();
  };

  readonly #onEnd = (): void => this.#end('end');
  readonly #onCut = (): void => this.#end('cut');

  #onIdle(): void {
    // The client waits for us, not we for it.
    if (this.#request.isPaused() || this.#queue.length > 0) this.#idle.refresh();
    else this.#end('idle');
  }

  #end(reason: BodyEnd): void {
    this.#ended ??= reason;
    clearTimeout(this.#idle);
    this.#wake?.();
    if (this.isInterrupted) this.onInterrupt?.();
  }
}
