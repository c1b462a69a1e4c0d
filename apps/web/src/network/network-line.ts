import { Store } from '../store/store.ts';
import { LINES, type LineMode } from './line-modes.ts';

export interface LineEvent {
  id: number;
  at: Date;
  words: string;
  /** Repeated news about the same subject replaces the last line. */
  topic?: string | undefined;
}

export interface LineState {
  mode: LineMode;
  /** Newest first. */
  events: readonly LineEvent[];
}

const KEPT_EVENTS = 30;
/** Time that one piece of a throttled upload takes. */
const PIECE_SECONDS = 0.5;

/** Thrown to waiting requests when the line is cut. */
export class LineCutError extends Error {
  override readonly name = 'LineCutError';
}

/**
 * The line between this page and the server, as the panel sets it: all requests share the speed, and a cut ends running
 * ones.
 */
export class NetworkLine {
  readonly store = new Store<LineState>({ mode: 'open', events: [] });
  #cutting = new AbortController();
  #freeAt = 0;
  #events = 0;

  get isCut(): boolean {
    return this.store.get().mode === 'cut';
  }

  /** Aborts with the next cut. */
  get whenCut(): AbortSignal {
    return this.#cutting.signal;
  }

  /** Bytes that may be sent in one piece, so that a change of speed or a cut takes effect soon. */
  get pieceBytes(): number {
    return LINES[this.store.get().mode].bytesPerSecond * PIECE_SECONDS;
  }

  setMode(mode: LineMode): void {
    const { mode: previous } = this.store.get();
    if (mode === previous) return;
    this.store.update((state) => ({ ...state, mode }));
    this.#freeAt = 0;
    this.note(mode === 'cut' ? 'The line is cut.' : `The line: ${LINES[mode].words}.`);
    if (mode === 'cut') {
      this.#cutting.abort(new LineCutError());
      this.#cutting = new AbortController();
    }
  }

  /** Resolves when this many bytes have passed the line. Rejects with LineCutError. */
  async pass(bytes: number): Promise<void> {
    if (this.isCut) throw new LineCutError();
    const { bytesPerSecond, latencyMs } = LINES[this.store.get().mode];
    const now = performance.now();
    this.#freeAt = Math.max(now, this.#freeAt) + (1_000 * bytes) / bytesPerSecond;
    const waitMs = this.#freeAt - now + latencyMs;
    if (waitMs > 0) await pause(waitMs, this.whenCut);
  }

  note(words: string, topic?: string): void {
    this.#events += 1;
    const event: LineEvent = { id: this.#events, at: new Date(), words, topic };
    this.store.update((state) => {
      const [last, ...earlier] = state.events;
      const kept = topic !== undefined && last?.topic === topic ? earlier : state.events;
      return { ...state, events: [event, ...kept].slice(0, KEPT_EVENTS) };
    });
  }
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal.addEventListener('abort', end, { once: true });
  });
