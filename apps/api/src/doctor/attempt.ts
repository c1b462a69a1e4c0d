import { type Check, failed } from './check.ts';

const LIMIT_MS = 15_000;

const codeOf = (error: object): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Describes an error in a few words; connections that fail at several addresses have a code and no message. */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time';
  const { cause } = error;
  // `fetch` only reports a failure; its cause says why.
  if (cause instanceof Error) return `${error.message}: ${describeError(cause)}`;
  const code = codeOf(error);
  if (error.message === '') return code ?? error.name;
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
};

/**
 * Runs one check of something that may be broken in any way. An exception or a missing answer becomes a failed line, and
 * the doctor continues.
 */
export const attempt = async (
  name: string,
  fix: string,
  look: () => Promise<Check[]>,
  limitMs = LIMIT_MS,
): Promise<Check[]> => {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<Check[]>((resolve) => {
    timer = setTimeout(
      () => resolve([failed(name, `no answer within ${limitMs / 1_000} seconds`, fix)]),
      limitMs,
    );
  });
  try {
    return await Promise.race([look(), silence]);
  } catch (error) {
    return [failed(name, describeError(error), fix)];
  } finally {
    clearTimeout(timer);
  }
};
