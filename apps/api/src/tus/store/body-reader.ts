import type { IncomingMessage } from 'node:http';

/** Why no more bytes come: all are here, the connection broke, or it was silent for too long. */
export type BodyEnd = 'end' | 'cut' | 'idle';

/** A wake-up without a byte: another request wants the upload or its memory, or a part could not be stored. */
export type Interrupt = 'release' | 'flush' | 'failure';

const QUEUE_LIMIT = 4;

/**
 * The body of a request, chunk by chunk, without the detour over web streams. It waits for the client only
 * here, so an interrupt reaches it at once, whatever the client does.
 */
export class BodyReader {
  readonly #request: IncomingMessage;
  readonly #queue: Buffer[] = [];
  readonly #interrupts = new Set<Interrupt>();
  readonly #idle: NodeJS.Timeout;
  #ended: BodyEnd | undefined;
  #wake: (() => void) | undefined;
  /** Called when nothing but the client may be waited for any more; see {@link isInterrupted}. */
  onInterrupt: (() => void) | undefined;

  /** @param idleMs silence, not duration: a slow but steady upload may take hours */
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

  /** The next chunk; or why there is none; or an interrupt. Bytes that came before an end come first. */
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

  /** Another request wants the upload, a part could not be stored, or the connection broke. */
  get isInterrupted(): boolean {
    return this.#ended === 'cut' || this.#interrupts.has('release') || this.#interrupts.has('failure');
  }

  interrupt(reason: Interrupt): void {
    this.#interrupts.add(reason);
    this.#wake?.();
    if (this.isInterrupted) this.onInterrupt?.();
  }

  /** Bytes that are here but were not asked for are not counted anywhere: the client sends them again. */
  close(): void {
    clearTimeout(this.#idle);
    this.#request.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onCut);
    this.#request.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#idle.refresh();
    this.#queue.push(chunk);
    // Back-pressure: while no chunk is taken, TCP holds the client.
    if (this.#queue.length >= QUEUE_LIMIT) this.#request.pause();
    this.#wake?.();
  };

  readonly #onEnd = (): void => this.#end('end');
  readonly #onCut = (): void => this.#end('cut');

  #onIdle(): void {
    // It is us who keep the client waiting.
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
