import { LIMITS } from './limits.ts';

// Values from another program are descriptive only: a value that does not fit is cut, rounded or dropped, and never
// makes us refuse the rest.

/** Returns a name in a form that every row can store. */
export const withoutControls = (name: string): string => name.toWellFormed().replace(/\p{Cc}/gu, '?');

/** Reads a text of any length; anything else is absent. */
export const readText = (value: unknown, maxCharacters: number): string | undefined =>
  typeof value === 'string' && value !== '' ? withoutControls(value.slice(0, maxCharacters)) : undefined;

/** Reads a number, also one written as a text, and rounds it. A number that no row can store counts as absent. */
export const readCount = (value: unknown, min = 0, max: number = LIMITS.count): number | undefined => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
  const whole = Math.round(number);
  return whole >= min && whole <= max ? whole : undefined;
};

/** ISO 8601 in its basic form, such as `20261128T230000Z`. */
const BASIC_FORM = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?(.*)$/s;

const toExtendedForm = (text: string): string => {
  const found = BASIC_FORM.exec(text);
  if (found === null) return text;
  const [, year, month, day, hours, minutes, seconds = '00', rest] = found;
  return `${year}-${month}-${day}T${hours}:${minutes}:${seconds}${rest}`;
};

/** Reads ISO 8601 in any form, and a time without a zone as UTC. Anything else counts as absent. @returns in UTC */
export const readTime = (value: unknown): string | undefined => {
  if (typeof value !== 'string') return undefined;
  const extended = toExtendedForm(value.trim());
  const isLocal = extended.includes('T') && !/(Z|[+-]\d{2}(:?\d{2})?)$/i.test(extended);
  // `Date` accepts zones only with a colon; a value without a time has no zone.
  const zoned = extended.replace(
    /(T.*[+-]\d{2}):?(\d{2})?$/,
    (_, upTo, minutes = '00') => `${upTo}:${minutes}`,
  );
  const time = Date.parse(isLocal ? `${extended}Z` : zoned);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
};
