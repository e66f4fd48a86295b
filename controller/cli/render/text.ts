/** Rows with their columns aligned. What ends a row needs no room to its right; columns that no row fills are left out. */
export function aligned(rows: string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    const last = row.findLastIndex((cell) => cell !== "");
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, column === last ? 0 : cell.length);
  }
  const isUsed = widths.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  return rows.map((row) =>
    row
      .flatMap((cell, column) => (isUsed[column] ? [cell.padEnd(widths[column]!)] : []))
      .join("  ")
      .trimEnd(),
  );
}

/** Words broken into lines of at most `width` characters; a longer word has a line of its own. */
export function wrapped(words: string[], separator: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + separator.length + word.length <= width)
      lines[lines.length - 1] = last + separator + word;
    else lines.push(word);
  }
  return lines;
}
