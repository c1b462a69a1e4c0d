const NAMES: Record<number, string> = { 40: 'warn', 50: 'error', 60: 'fatal' };
const LEVELS = new Set(Object.values(NAMES));

/**
 * Shortens a line of an app's JSON log for the console.
 * @returns undefined for a line that is not JSON or is below `warn`
 */
export const warningLine = (app: string, line: string): string | undefined => {
  const entry = parse(line);
  if (entry === undefined) return undefined;
  const level = typeof entry.level === 'number' ? NAMES[entry.level] : entry.level;
  if (typeof level !== 'string' || !LEVELS.has(level)) return undefined;
  const message = typeof entry.msg === 'string' ? entry.msg : '';
  const cause = errorMessage(entry.err);
  return `${app} ${level}: ${message}${cause === undefined || cause === message ? '' : ` (${cause})`}`;
};

const parse = (line: string): Record<string, unknown> | undefined => {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

const errorMessage = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null || !('message' in value)) return undefined;
  return typeof value.message === 'string' ? value.message : undefined;
};
