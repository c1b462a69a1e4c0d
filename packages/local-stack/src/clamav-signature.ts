/**
 * The EICAR test string, which every scanner agrees to call a virus. Kept in pieces, so that a scanner on a
 * developer's machine doesn't take this file for one.
 */
export const eicarTestString = [
  'X5O!P%@AP[4\\PZX54(P^)7CC)7}$',
  'EICAR-STANDARD',
  '-ANTIVIRUS-TEST-FILE!',
  '$H+H*',
].join('');

/** The name clamd reports for it, as `stream: <name>.UNOFFICIAL FOUND`. */
export const eicarSignatureName = 'Claimcheck.Test.Eicar';

/** A line of a `.ndb` database that finds the string anywhere in a file of any type. */
export function eicarSignature(): string {
  return `${eicarSignatureName}:0:*:${Buffer.from(eicarTestString, 'latin1').toString('hex')}\n`;
}
