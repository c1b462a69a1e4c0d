/** Reasons why a file could not be scanned; the api's policy may deliver files that are only too large. */
type UnscannableReason = 'too_large' | 'encrypted' | 'timeout' | 'engine_error';

export type Verdict =
  | { code: 'clean' }
  | { code: 'unscannable'; reason: UnscannableReason }
  | { code: 'infected'; virusName: string };

/** The scanner gave no verdict; a later attempt may succeed. */
export class ScannerUnavailableError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`the virus scanner gave no verdict: ${reason}`, options);
    this.name = 'ScannerUnavailableError';
  }
}

// clamd reports these as FOUND when AlertExceedsMax or AlertEncrypted is on: not a virus, but not examined.
const NOT_LOOKED_INTO = /^Heuristics\.(Limits\.Exceeded|Encrypted)\b/;

const reasonOf = (heuristic: string): UnscannableReason =>
  heuristic === 'Encrypted' ? 'encrypted' : 'too_large';

/**
 * Reads clamd's answer to INSTREAM, such as `stream: OK` or `stream: Eicar FOUND`. Only the explicit OK is clean; an engine's
 * error is unscannable.
 * @throws ScannerUnavailableError when it contains no verdict
 */
export const parseReply = (reply: string): Verdict => {
  const text = reply.replace(/\0.*$/s, '').trim();
  if (text === 'stream: OK') return { code: 'clean' };
  const name = /^stream: (.+) FOUND$/.exec(text)?.[1];
  if (name !== undefined) {
    const heuristic = NOT_LOOKED_INTO.exec(name)?.[1];
    return heuristic === undefined
      ? { code: 'infected', virusName: name.slice(0, 255) }
      : { code: 'unscannable', reason: reasonOf(heuristic) };
  }
  if (/size limit exceeded/.test(text)) return { code: 'unscannable', reason: 'too_large' };
  if (/ ERROR$/.test(text)) return { code: 'unscannable', reason: 'engine_error' };
  throw new ScannerUnavailableError(text === '' ? 'the connection ended' : 'an answer that is no verdict');
};
