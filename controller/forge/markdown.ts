const LONGEST = 500;

/** A text that means nothing to Markdown: no link, no picture, nobody who is told, also within a table. */
export function code(text: string): string {
  const plain = text
    .replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ")
    .replaceAll("`", "'")
    .replaceAll("|", "¦")
    .trim()
    .slice(0, LONGEST);
  return plain === "" ? "" : `\`${plain}\``;
}
