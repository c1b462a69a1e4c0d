/** Adds the features that this SDK needs and Hermes lacks. It replaces none that exist. */
export const fillGaps = (randomUuid: () => string): void => {
  define(Promise, 'withResolvers', withResolvers);
  define(AbortSignal, 'any', anySignal);
  define(AbortSignal, 'timeout', timeoutSignal);
  define(AbortSignal.prototype, 'throwIfAborted', throwIfAborted);
  define(globalThis, 'structuredClone', cloned);
  define(URL, 'canParse', canParse);
  define(globalThis, 'crypto', {});
  define(globalThis.crypto, 'randomUUID', randomUuid);
};

const define = (target: object, name: string, value: unknown): void => {
  if (name in target) return;
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
};

function withResolvers<Value>() {
  let resolve: (value: Value | PromiseLike<Value>) => void = () => {};
  let reject: (reason?: unknown) => void = () => {};
  const promise = new Promise<Value>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

const anySignal = (signals: readonly AbortSignal[]): AbortSignal => {
  const controller = new AbortController();
  const abort = () => {
    for (const signal of signals) signal.removeEventListener('abort', abort);
    controller.abort();
  };
  for (const signal of signals) {
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  }
  return controller.signal;
};

const timeoutSignal = (ms: number): AbortSignal => {
  const controller = new AbortController();
  const timer: unknown = setTimeout(() => controller.abort(), ms);
  // As with the original, a time-out keeps no process alive. A timer of React Native is a number.
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
    timer.unref();
  return controller.signal;
};

function throwIfAborted(this: AbortSignal): void {
  if (this.aborted) throw this.reason ?? new Error('The operation was aborted.');
}

/** Clones what this SDK stores: plain values are copied, files stay the same objects. */
const cloned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(cloned);
  const isPlain =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain || 'arrayBuffer' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cloned(entry)]));
};

const canParse = (url: string): boolean => {
  try {
    return new URL(url).href !== '';
  } catch {
    return false;
  }
};
