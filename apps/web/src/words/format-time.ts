const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const WEEK_MS = 6 * 24 * 3_600_000;

export const formatTime = (iso: string): string => time.format(new Date(iso));

/** Formats for a list: the time if today, the weekday if this week, otherwise the date. */
export const formatRecent = (iso: string, now = new Date()): string => {
  const date = new Date(iso);
  if (date.toDateString() === now.toDateString()) return time.format(date);
  return (now.getTime() - date.getTime() < WEEK_MS ? weekday : day).format(date);
};
