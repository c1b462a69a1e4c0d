/**
 * Reads the age of the signatures from clamd's answer to VERSION, `ClamAV 1.4.6/27000/Thu Nov 19 09:12:10 2026`. Seconds;
 * undefined without a date, as with private signatures.
 */
export const signatureAge = (answer: string, now: Date): number | undefined => {
  const [, , date] = answer.replace(/\0.*$/s, '').trim().split('/');
  // clamd prints the local time of its own machine, which in a container is UTC.
  const made = date === undefined ? Number.NaN : Date.parse(`${date} UTC`);
  return Number.isNaN(made) ? undefined : Math.max(0, (now.getTime() - made) / 1_000);
};
