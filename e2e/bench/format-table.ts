type Cell = string | number | undefined;

/** Formats columns side by side, numbers to the right; for a terminal. */
export const formatTable = (head: readonly string[], rows: readonly (readonly Cell[])[]): string => {
  const text = (cell: Cell) => (cell === undefined ? '' : String(cell));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => text(row[column]).length)),
  );
  const line = (cells: readonly Cell[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column];
        return typeof cell === 'number' ? text(cell).padStart(width) : text(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
};
