/**
 * The EICAR test string, which every scanner reports as a virus. It is split, so that a scanner on a
 * developer's machine does not flag this file.
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
export const eicarSignature = (): string => {
  return `${eicarSignatureName}:0:*:${Buffer.from(eicarTestString, 'latin1').toString('hex')}\n`;
};
