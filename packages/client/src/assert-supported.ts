import { ClaimcheckError } from './claimcheck-error.ts';

/** Platform features that this SDK needs. Each entry says whether one is missing. */
const isMissing: Record<string, () => boolean> = {
  fetch: () => !('fetch' in globalThis),
  'Promise.withResolvers': () => !('withResolvers' in Promise),
  'AbortSignal.any': () => !('AbortSignal' in globalThis && 'any' in AbortSignal),
  structuredClone: () => !('structuredClone' in globalThis),
};

/** Throws `unsupported`; the message says what to do. */
export const assertSupported = (): void => {
  const missing = Object.keys(isMissing).filter((name) => isMissing[name]?.());
  if (missing.length > 0 && isReactNative())
    throw new ClaimcheckError(
      'unsupported',
      `React Native lacks ${missing.join(', ')}. Use createNativeClient of @claimcheck/client/native.`,
    );
  if (missing.length > 0)
    throw new ClaimcheckError(
      'unsupported',
      `This browser is too old: it lacks ${missing.join(', ')}. Chrome and Edge 119, Firefox 124, Safari 17.4, Node 22 and later have all of it.`,
    );
  if (typeof globalThis.crypto?.randomUUID !== 'function' && isReactNative())
    throw new ClaimcheckError(
      'unsupported',
      'React Native has no crypto.randomUUID. Use createNativeClient of @claimcheck/client/native.',
    );
  if (typeof globalThis.crypto?.randomUUID !== 'function')
    throw new ClaimcheckError(
      'unsupported',
      'The browser keeps crypto from this page: serve it over https, or from localhost.',
    );
};

const isReactNative = (): boolean => globalThis.navigator?.product === 'ReactNative';
