const cell = (value: unknown): string => {
  if (value === null || value === undefined) return '–';
  return value instanceof Date ? value.toISOString() : String(value);
};

/** `name  value` lines, aligned. */
export const toFields = (fields: Readonly<Record<string, unknown>>): string[] => {
  const width = Math.max(0, ...Object.keys(fields).map((name) => name.length));
  return Object.entries(fields).map(([name, value]) => `${name.padEnd(width)}  ${cell(value)}`);
};

/** Formats a table with a heading; the columns are the fields of the first row. Returns nothing for no rows. */
export const toTable = (rows: readonly object[]): string[] => {
  if (rows.length === 0) return [];
  const names = Object.keys(rows[0] ?? {});
  const lines = [names, ...rows.map((row) => Object.values(row).map(cell))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};
